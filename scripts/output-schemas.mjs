// JSON Schemas of what pinfold prints, made from the types that it prints by: descriptions are their docstrings.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { API } from 'typescript/unstable/sync'
import { schemaOf } from './type-schema.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'src/cli/documents.ts')

/** A schema for each file, and the type in src/cli/documents.ts that it describes. */
const files = {
  plan: {
    type: 'PlanDocument',
    title: 'pinfold plan',
    description: 'What `pinfold plan --json` prints, and what other commands print of a plan before they carry it out.',
  },
  event: {
    type: 'EventDocument',
    title: 'pinfold event',
    description:
      'A line of what `pinfold apply`, `confirm`, `recover`, `rollback`, `destroy` and `doctor --repair` print with --json beside plans, and an error of any command.',
  },
  output: {
    type: 'OutputDocument',
    title: 'pinfold output',
    description: 'What the commands print with --json that change nothing: show, validate, verify, inspect and others.',
  },
  snapshot: {
    type: 'HostSnapshot',
    title: 'pinfold snapshot',
    description:
      'What `pinfold snapshot` prints, or saves with --out: all of a host that plans are made from. `plan --against` reads it.',
  },
}

/** The texts of the schemas by file, and of docs/output.md, which lists what is in them. */
export function renderOutput() {
  const api = new API({ cwd: root })
  try {
    const snapshot = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] })
    const project = snapshot.getProject(join(root, 'tsconfig.json'))
    const schemas = Object.entries(files).map(([name, file]) => [pathOf(name), makeSchema(project, name, file)])
    const texts = schemas.map(([path, schema]) => [path, `${render(schema)}\n`])
    return { ...Object.fromEntries(texts), 'docs/output.md': withDocuments(schemas) }
  } finally {
    api.close()
  }
}

const pathOf = (name) => `schema/${name}.schema.json`

function makeSchema(project, name, { type, title, description }) {
  const { schema, definitions } = schemaOf(project, exported(project, type))
  const { description: _, ...rest } = schema
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:pinfold:${name}:1`,
    $comment: 'Generated from src/cli/documents.ts: npm run generate.',
    title,
    description,
  }
  return { ...head, ...rest, $defs: definitions }
}

/** docs/output.md with its table of documents made anew. */
function withDocuments(schemas) {
  const text = readFileSync(join(root, 'docs/output.md'), 'utf8')
  const rows = schemas.flatMap(([path, schema]) => rowsOf(path, schema))
  const table = ['| `type` | schema | what it is |', '|---|---|---|', ...rows].join('\n')
  const [before, after] = [/^.*?<!-- documents -->\n/s, /<!-- end of documents -->.*$/s].map(
    (part) => part.exec(text)?.[0],
  )
  if (!before || !after) throw new Error('docs/output.md has no place for the table of documents')
  return `${before}\n${table}\n\n${after}`
}

function rowsOf(path, schema) {
  return (schema.oneOf ?? [schema]).map((branch) => {
    const document = branch.$ref ? schema.$defs[branch.$ref.slice('#/$defs/'.length)] : branch
    const { type } = document.properties
    const types = type.enum ?? [type.const]
    if (!document.description) throw new Error(`nothing says what a document of type ${types} is: comment its type`)
    return `| ${types.map((name) => `\`${name}\``).join(', ')} | [${path}](../${path}) | ${document.description} |`
  })
}

function exported({ program, checker }, name) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(source))
  const symbol = checker.getExportsOfModule(module).find((it) => it.name === name)
  if (!symbol) throw new Error(`src/cli/documents.ts exports no ${name}`)
  return checker.getDeclaredTypeOfSymbol(isAlias(symbol) ? checker.getAliasedSymbol(symbol) : symbol)
}

const isAlias = ({ flags }) => (flags & 2097152) !== 0

/** JSON, with whatever fits on one line. */
function render(value, indent = '') {
  const flat = JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, ' ')
  if (typeof value !== 'object' || value === null || flat.length + indent.length <= 110) return flat
  const inner = `${indent}  `
  const rows = Array.isArray(value)
    ? value.map((item) => `${inner}${render(item, inner)}`)
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${render(item, inner)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${rows.join(',\n')}\n${indent}${close}`
}
