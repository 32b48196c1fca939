import { readFileSync } from 'node:fs'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'

/** A part of a schema, as far as tests look at it. */
interface Schema {
  readonly const?: string
  readonly enum?: readonly string[]
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly oneOf?: readonly Schema[]
  readonly $defs?: Readonly<Record<string, Schema>>
}

/** The schemas of what is printed with --json. */
export const schemaNames = ['plan', 'event', 'output', 'snapshot'] as const
export type SchemaName = (typeof schemaNames)[number]

/** A schema as it is published. */
export const readSchema = (name: SchemaName): Schema =>
  JSON.parse(readFileSync(`${import.meta.dirname}/../../schema/${name}.schema.json`, 'utf8'))

/** Which values of `type` a schema is about. */
export function typesIn(schema: Schema): readonly string[] {
  const branches = schema.oneOf ?? [schema]
  return branches.flatMap((branch) => {
    const { type } = (branch.$ref ? schema.$defs?.[branch.$ref.slice('#/$defs/'.length)] : branch)?.properties ?? {}
    return type?.enum ?? (type?.const === undefined ? [] : [type.const])
  })
}

/** Values of `type` of which a document was checked by this process. */
export const typesSeen: Set<string> = new Set()

/** Throws, with the command, the path and the value, unless each line that a command printed with --json fits its schema. */
export function checkPrinted(words: readonly string[], stdout: string): void {
  if (!printsJson(words)) return
  for (const line of stdout.split('\n').slice(0, -1)) {
    checkDocument(parsed(line), `pinfold ${words.join(' ')}`)
  }
}

/** Whether a command line asks for JSON, or for a snapshot on standard output, which is nothing else. */
export const printsJson = (words: readonly string[]): boolean =>
  !words.some((word) => word === '--help' || word === '-h') &&
  (words.includes('--json') || /--format[ =]json\b|^snapshot(?!.* --out\b)/.test(words.join(' ')))

/** Throws, with the path and the value, unless the document fits the schema that its type tells. */
export function checkDocument(document: unknown, from: string): void {
  const { type } = document as { readonly type?: unknown }
  const validate = validators().get(String(type))
  if (!validate) throw new Error(`${from}: no schema has the type ${type}: ${JSON.stringify(document)}`)
  if (!validate(document)) throw new Error(`${from}: ${complaints(validate.errors ?? [])}`)
  typesSeen.add(String(type))
}

let compiled: ReadonlyMap<string, ValidateFunction> | undefined

/** By the type of a document; compiled when the first document comes. */
function validators(): ReadonlyMap<string, ValidateFunction> {
  compiled ??= compile()
  return compiled
}

function compile(): ReadonlyMap<string, ValidateFunction> {
  const ajv = new Ajv2020({ discriminator: true, verbose: true })
  return new Map(
    schemaNames.flatMap((name) => {
      const schema = readSchema(name)
      const validate = ajv.compile(schema)
      return typesIn(schema).map((type) => [type, validate] as const)
    }),
  )
}

function complaints(errors: readonly ErrorObject[]): string {
  return errors
    .map(({ instancePath, message, params, data }) => {
      const what = JSON.stringify(params)
      return `${instancePath || '/'} ${message} ${what}, not ${JSON.stringify(data)?.slice(0, 500)}`
    })
    .join('\n')
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new Error(`this line is not JSON: ${line.slice(0, 500)}`)
  }
}
