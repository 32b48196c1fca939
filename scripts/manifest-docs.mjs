import { Document, isPair, isSeq, visit } from 'yaml'

/** Returns the reference page of the manifest: every field of the schema with its type, default, rules and examples. */
export function renderManifestDocs(schema, note) {
  const fields = Object.entries(schema.properties).flatMap(([name, field]) => [
    `## ${name}\n`,
    ...render({ path: name, field, required: schema.required.includes(name), schema }),
  ])
  return `${[`<!-- ${note} -->\n`, introduction(schema), ...fields].join('\n').trimEnd()}\n`
}

function introduction(schema) {
  return `# The manifest

${schema.description}

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/pinfold/schema/manifest.schema.json
${yaml(schema.examples[0])}\`\`\`

Editors complete and check a manifest by \`schema/manifest.schema.json\`. Every mistake is reported with file, line and
column, all of them at once; [errors.md](errors.md) explains the codes.

**Variables.** \`\${NAME}\` in any key or value stands for a variable, \`\${NAME:-default}\` for one with a default where it
is unset or empty, \`$\${\` for the two characters \`\${\`. Where they come from, the first that has it: \`--var NAME=value\`,
\`--var-file FILE\`, \`PINFOLD_VAR_NAME\` in the environment, \`vars:\` in the manifest. An unset one is an error, and so is a
\`--var\` that the manifest does not use. A scalar that is one variable and nothing else takes the type of its value, so
that numbers stay numbers; write \`!!str \${NAME}\` for text. Between \`{ }\` and \`[ ]\` YAML wants it in quotes: \`"\${NAME}"\`.

**Names.** A name is bare where its kind is fixed, or has the kind in front: \`program: ingress\` and \`program:
program.ingress\` are the same. Anchors, aliases and merge keys (\`<<\`) work as usual.

**Several objects.** A map that several objects declare under one name is one map, which their programs share: its shape must be the same in
all of them, or \`object:\` says whose size counts. Programs of one name are told apart by \`{ object: v6, function: handle }\` under names of
your choice. A data section belongs to its object: \`.rodata\` of the only object that has one is the map \`rodata\`, of several it is
\`main_rodata\` and \`v6_rodata\`, by the objects' names here. Where a second object comes later, \`moved: [{ from: map.data, to: map.main_data }]\`
keeps what the variables hold; a plan says so (P148).
`
}

/** A field's own paragraph, then those of the fields inside it. */
function render({ path, field, required = false, schema }) {
  const target = resolve(field, schema)
  const lines = [
    facts(target, required),
    '',
    describe(field, schema),
    '',
    ...examplesOf(path, field.examples ?? target.examples),
  ]
  for (const [name, inner] of Object.entries(target.properties ?? {})) {
    const mandatory = target.required?.includes(name) ?? false
    lines.push(
      ...heading(`${path}.${name}`),
      ...render({ path: `${path}.${name}`, field: inner, required: mandatory, schema }),
    )
  }
  for (const [suffix, inner] of elements(target)) {
    const entry = resolve(inner, schema)
    if (entry.properties)
      lines.push(...heading(path + suffix), ...render({ path: path + suffix, field: inner, schema }))
  }
  return lines
}

const heading = (path) => [`### \`${path}\``, '']

function elements(target) {
  const inner = typeof target.additionalProperties === 'object' ? [['.<name>', target.additionalProperties]] : []
  return target.items ? [...inner, ['[]', target.items]] : inner
}

/** The field with what its `$ref` says; its own description wins. */
function resolve(field, schema) {
  const name = field.$ref?.slice('#/$defs/'.length)
  return name ? { ...schema.$defs[name], ...field } : field
}

function facts(target, required) {
  const facts = [
    typeText(target),
    required ? 'required' : undefined,
    target.enum ? `one of ${target.enum.map(code).join(', ')}` : undefined,
    target.minimum === undefined ? undefined : `${target.minimum} to ${target.maximum}`,
    target.default === undefined ? undefined : `default ${code(target.default)}`,
  ]
  return `*${facts.filter(Boolean).join('; ')}*`
}

const typeNames = { object: 'mapping', array: 'list', string: 'text', boolean: 'true or false', null: 'empty' }

function typeText({ type, const: constant }) {
  if (constant !== undefined) return `always ${code(constant)}`
  if (type === undefined) return 'any value'
  return [type]
    .flat()
    .map((name) => typeNames[name] ?? name)
    .join(' or ')
}

/** The field's own description, and the rule for its kind of text where the schema shares one. */
function describe(field, schema) {
  const shared = field.$ref ? resolve({ $ref: field.$ref }, schema) : field
  const rule = shared.type === 'string' && shared.description !== field.description ? shared.description : undefined
  return [field.description ?? shared.description, rule].filter(Boolean).join(' ')
}

function examplesOf(path, examples = []) {
  if (examples.length === 0) return []
  const name = path.split('.').at(-1)
  const text = (example) => yaml(/[<[]/.test(name) ? example : { [name]: example })
  return examples.flatMap((example) => ['```yaml', text(example).trimEnd(), '```', ''])
}

/** Block style outside, one line inside, as people write it. */
function yaml(value) {
  const document = new Document(value)
  visit(document, {
    Pair(_, pair) {
      if (/^\d+$/.test(pair.key.value)) pair.key.value = Number(pair.key.value)
    },
    Collection(_, node, path) {
      const depth = path.filter(isPair).length
      if (depth >= 2 || isSeq(path.at(-1))) node.flow = true
    },
  })
  return document.toString({ lineWidth: 110, flowCollectionPadding: true, singleQuote: false })
}

function code(value) {
  return `\`${value}\``
}
