// JSON Schemas of what pinfold prints, made from the types that it prints by: descriptions are their docstrings.
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
}

/** The texts of the schemas by file. */
export function renderOutputSchemas() {
  const api = new API({ cwd: root })
  try {
    const snapshot = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] })
    const project = snapshot.getProject(join(root, 'tsconfig.json'))
    return Object.fromEntries(Object.entries(files).map(([name, file]) => [pathOf(name), text(project, name, file)]))
  } finally {
    api.close()
  }
}

const pathOf = (name) => `schema/${name}.schema.json`

function text(project, name, { type, title, description }) {
  const { schema, definitions } = schemaOf(project, exported(project, type))
  const { description: _, ...rest } = schema
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:pinfold:${name}:1`,
    $comment: 'Generated from src/cli/documents.ts: npm run generate.',
    title,
    description,
  }
  return `${render({ ...head, ...rest, $defs: definitions })}\n`
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
