import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Variable } from '../../model/map-spec.ts'
import type { Value } from '../../model/value.ts'
import { decodeValue } from '../../object/btf/decode-value.ts'
import { encodeValue } from '../../object/btf/encode.ts'
import { fromHex, toHex } from '../../util/hex.ts'
import { indexKey } from '../held.ts'
import { openOrGone } from '../open-or-gone.ts'
import { finding } from './codes.ts'
import type { DraftedMap } from './drafted.ts'
import type { Found } from './found.ts'

/** Variables that somebody set before the load, and what cannot be said of that in a manifest. */
export interface ChangedGlobals {
  readonly values: ReadonlyMap<string, Value>
  readonly findings: readonly Diagnostic[]
}

/**
 * The variables of a read-only section that differ from the object's. Of sections that programs write nobody knows what they
 * began with: they are kept as they are.
 */
export function changedGlobals(found: Found, map: DraftedMap, id: number): ChangedGlobals {
  const { contents } = map.spec
  const wanted = map.state.contents
  if (contents.kind !== 'data' || !contents.frozen || wanted.kind !== 'data') return { values: new Map(), findings: [] }
  const before = fromHex(wanted.initial ?? '')
  const after = readSection(found, id)
  if (!after || after.length !== before.length) return { values: new Map(), findings: [] }
  const changed = contents.variables.filter((variable) => !isSame(before, after, variable))
  const named = changed.filter(({ name }) => contents.variables.filter((it) => it.name === name).length === 1)
  const values = new Map(named.map((variable) => [variable.name, valueIn(map, variable, after)]))
  const left = before.slice()
  for (const { offset, size } of named) left.set(after.subarray(offset, offset + size), offset)
  return { values, findings: toHex(left) === toHex(after) ? [] : [unsayable(map)] }
}

function readSection({ kernel }: Found, id: number): Uint8Array | undefined {
  using section = openOrGone(kernel, 'map', id)
  return section && kernel.lookup(section, indexKey(kernel, 0))?.slice()
}

const isSame = (before: Uint8Array, after: Uint8Array, { offset, size }: Variable): boolean =>
  toHex(before.subarray(offset, offset + size)) === toHex(after.subarray(offset, offset + size))

/** As a reader would write it, where that gives the same bytes; else as bytes. */
function valueIn({ object }: DraftedMap, { offset, size, typeId }: Variable, bytes: Uint8Array): Value {
  const { btf, byteOrder } = object.file
  const raw = bytes.subarray(offset, offset + size)
  const type = { types: btf?.types, typeId, size, byteOrder }
  const value = decodeValue(raw, type)
  const encoded = encodeValue(value, type)
  return 'bytes' in encoded && toHex(encoded.bytes) === toHex(raw) ? value : `0x${toHex(raw)}`
}

function unsayable({ name, object, spec }: DraftedMap): Diagnostic {
  const detail = `map.${name} differs from ${spec.name} of ${object.file.name} in bytes that belong to no variable of its own name.`
  return finding('P189', 'error', {
    detail,
    hint: 'name the object that it was loaded from: another build has other constants',
  })
}
