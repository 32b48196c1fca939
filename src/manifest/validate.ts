import type { ErrorObject } from 'ajv'
import type { Diagnostic, Position } from '../model/diagnostic.ts'
import type { Value } from '../model/value.ts'
import { nearest } from '../util/nearest.ts'
import type { ManifestCode } from './codes.ts'
import { complainAt, placeName, suggest } from './complain.ts'
import type { Path } from './manifest.ts'
import type { Locate, Part, SourceNode } from './source-tree.ts'
import { childrenOf, nodeAt, plainValue } from './source-tree.ts'
import validateSchema from './validate-schema.generated.js'
import { writeInline } from './write-inline.ts'

/** Checks the tree against the schema: one complaint for each mistake, none about what a variable left open. */
export function validate(root: SourceNode, locate: Locate): readonly Diagnostic[] {
  if (validateSchema(withoutBigints(plainValue(root)))) return []
  const mistakes = (validateSchema.errors ?? []).map((error) => ({ error, path: pathOf(error, root) }))
  const mistyped = new Set(
    mistakes.filter(({ error }) => error.keyword === 'type').map(({ error }) => error.instancePath),
  )
  const seen = new Set<string>()
  return mistakes
    .filter(({ error, path }) => isOwnMistake(error, mistyped) && !isUnresolved(error, path, root))
    .filter(({ error }) => !isMisspelt(error, mistakes))
    .filter(({ error, path }) => isFirst(error, locate(path, 'value'), seen))
    .map(({ error, path }) => describe(error, path, locate))
}

/** True for a key that is missing only because it stands there with another spelling, which is complained about. */
const isMisspelt = (missing: ErrorObject, mistakes: readonly { readonly error: ErrorObject }[]): boolean =>
  missing.keyword === 'required' &&
  mistakes.some(
    ({ error: { keyword, instancePath, params } }) =>
      keyword === 'additionalProperties' &&
      instancePath === missing.instancePath &&
      nearest(params['additionalProperty'], [missing.params['missingProperty']]) !== undefined,
  )

/** Whether the mistake is new: an alias only repeats what is wrong at its anchor. */
function isFirst(
  { schemaPath, params, propertyName }: ErrorObject,
  { line, column }: Position,
  seen: Set<string>,
): boolean {
  const key = JSON.stringify([schemaPath, params, propertyName, line, column])
  return !seen.has(key) && Boolean(seen.add(key))
}

/** JSON Schema knows no bigints; as doubles they keep their type and are as far out of every range. */
function withoutBigints(value: Value): Value {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutBigints)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutBigints(each)]))
}

interface Sentence {
  readonly code: ManifestCode
  readonly detail: string
  readonly hint?: string | undefined
  readonly path?: Path
  readonly part?: Part
}

/** How each keyword's mistake is told; `place` is the value's name. */
const sentences: Readonly<Record<string, (error: ErrorObject, place: string, path: Path) => Sentence>> = {
  type: ({ schema, data, parentSchema }, place) => ({
    code: 'M011',
    detail: `${place} must be ${typeText(schema as string | readonly string[])}, but is ${describeValue(data)}.`,
    hint: adviceOn(parentSchema, data, schema === 'string'),
    part: data === null ? 'key' : 'value',
  }),
  required: ({ params, parentSchema }, place) => ({
    code: 'M012',
    detail: `${place} has no "${params['missingProperty']}".`,
    hint: parentSchema?.['properties'][params['missingProperty']]?.description,
    part: 'key',
  }),
  additionalProperties: ({ params, parentSchema }, place, path) => ({
    code: 'M010',
    detail: `${place} has no key "${params['additionalProperty']}".`,
    hint: [
      path.at(-1) === 'attach' && unbuiltHooks.has(params['additionalProperty']) && notAttached,
      suggest(params['additionalProperty'], Object.keys(parentSchema?.['properties'] ?? {}), 'allowed keys'),
    ]
      .filter(Boolean)
      .join('; '),
    path: [...path, params['additionalProperty']],
    part: 'key',
  }),
  enum: ({ data, schema }, place, path) =>
    refusals[`${path.slice(-2).join('.')}: ${data}`] ?? {
      code: 'M013',
      detail: `${place} cannot be ${describeValue(data)}.`,
      hint: suggest(sectionTypes[String(data)] ?? String(data), schema as readonly string[], 'allowed values'),
    },
  const: ({ data, schema, parentSchema }, place) => ({
    code: 'M013',
    detail: `${place} must be ${schema}, but is ${describeValue(data)}.`,
    hint: parentSchema?.['description'],
  }),
  minimum: (error, place) => outOfRange(error, place, 'at least'),
  maximum: (error, place) => outOfRange(error, place, 'at most'),
  pattern: ({ data, parentSchema, propertyName, schemaPath }, place, path) => ({
    code: textCodes[ruleName(schemaPath)] ?? 'M015',
    detail:
      propertyName === undefined
        ? `${place} cannot be ${describeValue(data)}.`
        : `${place} cannot have the key "${propertyName}".`,
    hint: parentSchema?.['description'],
    ...(propertyName === undefined ? {} : { path: [...path, propertyName], part: 'key' }),
  }),
  minLength: ({ parentSchema }, place) => ({
    code: 'M015',
    detail: `${place} is empty.`,
    hint: parentSchema?.['description'],
  }),
  minProperties: (error, place) => wrongCount(error, place),
  maxProperties: (error, place) => wrongCount(error, place),
}

/** What a value is for, and how one is written: an example, or quotes around what YAML takes for a number. */
function adviceOn(rule: ErrorObject['parentSchema'], data: unknown, wantsText: boolean): string | undefined {
  const description = rule?.['description']
  return (
    [description, quoted(data, wantsText) ?? example(rule?.['examples']?.[0])].filter(Boolean).join(' ') || undefined
  )
}

const quoted = (data: unknown, wantsText: boolean): string | undefined =>
  wantsText && (typeof data === 'number' || typeof data === 'boolean') ? `In quotes it is text: "${data}".` : undefined

function example(value: unknown): string | undefined {
  const text = writeInline(value)
  return text !== undefined && text.length <= longest ? `Write for example: ${text}` : undefined
}

/** Values that people know from elsewhere, and why they are not taken here. */
const refusals: Readonly<Record<string, Sentence>> = {
  'xdp.mode: offload': {
    code: 'M025',
    detail: 'XDP offload is not supported: a program for the card is loaded for one device, and its maps live there.',
    hint: 'use mode: native, or generic',
  },
}

/** Hooks of the kernel that this version has no links for. */
const unbuiltHooks: ReadonlySet<string> = new Set([
  'kprobe',
  'kretprobe',
  'kprobeMulti',
  'uprobe',
  'uretprobe',
  'uprobeMulti',
  'usdt',
  'fentry',
  'fexit',
  'freplace',
  'lsm',
  'netfilter',
  'netkit',
  'perfEvent',
  'sockmap',
])
const notAttached =
  'this version attaches nothing there: leave the link out, and have another tool attach the pinned program'

/** Program types by the names that they have in sections, which people write for the type. */
const sectionTypes: Readonly<Record<string, string>> = {
  tc: 'sched_cls',
  tcx: 'sched_cls',
  classifier: 'sched_cls',
  action: 'sched_act',
  tp: 'tracepoint',
  raw_tp: 'raw_tracepoint',
  kretprobe: 'kprobe',
  uprobe: 'kprobe',
  fentry: 'tracing',
  fexit: 'tracing',
  iter: 'tracing',
  tp_btf: 'tracing',
  freplace: 'ext',
  sockops: 'sock_ops',
  socket: 'socket_filter',
}

/** Codes of texts that the schema has a rule for, by the rule's name. */
const textCodes: Readonly<Record<string, ManifestCode>> = {
  pinName: 'M016',
  stackName: 'M016',
  objectName: 'M016',
  variableName: 'M016',
  slotIndex: 'M024',
}

const ruleName = (schemaPath: string): string => schemaPath.split('/')[2] ?? ''

const outOfRange = ({ data, schema, parentSchema }: ErrorObject, place: string, bound: string): Sentence => ({
  code: 'M014',
  detail: `${place} must be ${bound} ${schema}, but is ${data}.`,
  hint: parentSchema?.['description'],
})

const wrongCount = ({ data, parentSchema }: ErrorObject, place: string): Sentence => ({
  code: 'M017',
  detail: `${place} holds ${Object.keys(data as object).join(', ') || 'nothing'}.`,
  hint: parentSchema?.['description'],
  part: 'key',
})

function describe(error: ErrorObject, path: Path, locate: Locate): Diagnostic {
  const sentence = sentences[error.keyword]?.(error, placeName(path), path)
  const { code, ...rest } = sentence ?? { code: 'M015' as const, detail: `${placeName(path)} ${error.message}.` }
  return complainAt(locate, code, { path, ...rest })
}

/** `propertyNames` repeats what its pattern says; of a value of the wrong type nothing else is worth saying. */
function isOwnMistake({ keyword, instancePath }: ErrorObject, mistyped: ReadonlySet<string>): boolean {
  return keyword !== 'propertyNames' && (keyword === 'type' || !mistyped.has(instancePath))
}

function isUnresolved(error: ErrorObject, path: Path, root: SourceNode): boolean {
  const node = nodeAt(root, path)
  if (node?.kind === 'scalar') return node.unresolved
  const name = error.propertyName ?? error.params['additionalProperty']
  return name !== undefined && childrenOf(node).get(name)?.key.unresolved === true
}

/** A JSON pointer as a path; positions in lists become numbers. */
function pathOf({ instancePath }: ErrorObject, root: SourceNode): Path {
  const path: (string | number)[] = []
  let node: SourceNode | undefined = root
  for (const part of instancePath.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(node?.kind === 'sequence' ? Number(key) : key)
    node = childrenOf(node).get(key)?.node
  }
  return path
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  null: 'empty',
}

const typeText = (schema: string | readonly string[]): string =>
  [schema]
    .flat()
    .map((name) => typeNames[name] ?? name)
    .join(' or ')

function describeValue(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value === 'string') return `"${value.length > longest ? `${value.slice(0, longest)}…` : value}"`
  return `the ${typeof value === 'boolean' ? 'value' : 'number'} ${value}`
}

/** Characters of a value that are repeated in a sentence; its place is told, too. */
const longest = 80
