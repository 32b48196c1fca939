import type { MapSpec, Variable } from '../model/map-spec.ts'
import type { Value } from '../model/value.ts'
import { nearest } from '../util/nearest.ts'
import { encodeValue } from './btf/encode.ts'
import type { EncodeProblem } from './btf/slot.ts'
import type { ObjectFile } from './object-file.ts'

/** A variable that cannot be set, and why. */
interface GlobalProblem {
  /** O050 there is no such variable, O051 the value does not fit, O052 several variables have that name. */
  readonly code: 'O050' | 'O051' | 'O052'
  /** The variable. */
  readonly name: string
  /** A sentence: `cannot set limits.low: 70000 does not fit in 16 bits`. */
  readonly message: string
  readonly hint?: string
  /** Where in the value that is, as in EncodeProblem. */
  readonly within?: string
}

export interface AppliedGlobals {
  /** Contents of every data section by map name, the values set. */
  readonly data: ReadonlyMap<string, Uint8Array>
  readonly problems: readonly GlobalProblem[]
}

/** Sets variables by name in copies of the object's data sections. Collects every problem; throws nothing. */
export function applyGlobals(object: ObjectFile, values: ReadonlyMap<string, Value>): AppliedGlobals {
  const places = variablesOf(object)
  const data = new Map(dataMaps(object).map(({ name, contents }) => [name, contents.bytes.slice()]))
  const problems: GlobalProblem[] = []
  for (const [name, value] of values) {
    const found = places.filter(({ variable }) => variable.name === name)
    const [only] = found
    if (found.length === 1 && only) problems.push(...set(object, data, { ...only, value }))
    else problems.push(missing(name, places, found.length))
  }
  return { data, problems }
}

type DataMap = MapSpec & { readonly contents: Extract<MapSpec['contents'], { readonly kind: 'data' }> }

const dataMaps = (object: ObjectFile): readonly DataMap[] =>
  object.maps.filter((map): map is DataMap => map.contents.kind === 'data')

interface Place {
  readonly map: string
  readonly variable: Variable
}

const variablesOf = (object: ObjectFile): readonly Place[] =>
  dataMaps(object).flatMap(({ name, contents }) => contents.variables.map((variable) => ({ map: name, variable })))

function set(
  object: ObjectFile,
  data: ReadonlyMap<string, Uint8Array>,
  { map, variable, value }: Place & { readonly value: Value },
): readonly GlobalProblem[] {
  const { typeId, size, offset, name } = variable
  const bytes = data.get(map)
  if (!bytes || offset + size > bytes.length) {
    return [{ code: 'O051', name, message: `cannot set ${name}: it lies outside its section ${map}` }]
  }
  const initial = bytes.subarray(offset, offset + size)
  const encoded = encodeValue(value, { types: object.btf?.types, typeId, size, byteOrder: object.byteOrder, initial })
  if ('problems' in encoded) return encoded.problems.map((problem) => misfit(name, problem))
  bytes.set(encoded.bytes, offset)
  return []
}

function misfit(name: string, { path, detail, hint }: EncodeProblem): GlobalProblem {
  const place = path === '' || path.startsWith('[') ? `${name}${path}` : `${name}.${path}`
  const message = `cannot set ${place}: ${detail}`
  return { code: 'O051', name, message, within: path, ...(hint === undefined ? {} : { hint }) }
}

function missing(name: string, places: readonly Place[], found: number): GlobalProblem {
  if (found > 1) return { code: 'O052', name, message: `cannot set ${name}: ${found} variables have that name` }
  const known = places.map(({ variable }) => variable.name)
  const close = nearest(name, known)
  const hint = close === undefined ? listing(known) : `did you mean "${close}"?`
  return { code: 'O050', name, message: `cannot set ${name}: the object has no such variable`, hint }
}

const listing = (known: readonly string[]): string =>
  known.length === 0 ? 'the object has no variables' : `its variables: ${known.join(', ')}`
