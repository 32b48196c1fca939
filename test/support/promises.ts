import type { SchemaName } from './printed.ts'

/** A part of a schema. */
interface Part {
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly type?: string
  readonly pattern?: string
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Part>>
  readonly required?: readonly string[]
  /** False behind `prefixItems`. */
  readonly items?: Part | false
  readonly prefixItems?: readonly Part[]
  readonly oneOf?: readonly Part[]
  readonly anyOf?: readonly Part[]
  readonly additionalProperties?: Part | boolean
  readonly patternProperties?: Readonly<Record<string, Part>>
  readonly $defs?: Readonly<Record<string, Part>>
}

/**
 * What a schema promises to readers, a line each: that a field may be there and of what kind, that it always is, that a value
 * is one of some. More lines are no harm to them; a line that is gone or another is.
 */
export function promisesOf(name: SchemaName, schema: unknown): readonly string[] {
  const { $defs = {}, ...root } = schema as Part
  return [[name, root] as const, ...Object.entries($defs)].flatMap(([path, part]) => promises(path, part))
}

function promises(path: string, part: Part): string[] {
  const {
    properties = {},
    required = [],
    items,
    prefixItems = [],
    oneOf = [],
    anyOf = [],
    patternProperties = {},
  } = part
  const rest = typeof part.additionalProperties === 'object' ? [part.additionalProperties] : []
  return [
    ...(part.const === undefined ? [] : [`${path} = ${part.const}`]),
    // Long lists are the kernel's own names.
    ...(isShort(part.enum) ? part.enum : []).map((value) => `${path} = ${value}`),
    ...(part.$ref === undefined ? [] : [`${path}: ${part.$ref.replace('#/$defs/', '')}`]),
    ...(part.type === undefined || part.type === 'object' ? [] : [`${path}: ${part.type}`]),
    ...required.map((field) => `${path}.${field} is always there`),
    ...Object.entries(properties).flatMap(([field, value]) => promises(`${path}.${field}`, value)),
    ...(items ? promises(`${path}[]`, items) : []),
    ...prefixItems.flatMap((item, index) => promises(`${path}[${index}]`, item)),
    ...[...Object.values(patternProperties), ...rest].flatMap((value) => promises(`${path}.*`, value)),
    ...[...oneOf, ...anyOf].flatMap((branch) => promises(`${path}${tagOf(branch)}`, branch)),
  ]
}

/** The kind that tells a branch of a union from others. */
function tagOf({ properties = {} }: Part): string {
  const tag = ['type', 'kind', 'result'].map((name) => properties[name]?.const).find((value) => value !== undefined)
  return tag === undefined ? '' : `<${tag}>`
}

const isShort = (values: readonly unknown[] | undefined): values is readonly unknown[] =>
  values !== undefined && values.length < 20
