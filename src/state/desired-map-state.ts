import type { OwnMap } from '../manifest/manifest.ts'
import type { MapShape, MapSpec } from '../model/map-spec.ts'
import type { MapType } from '../model/map-types.ts'
import type { MapState } from '../model/state.ts'
import { readContents } from './desired-contents.ts'
import { complain, type FoundMap, type LoadedObject, type Reading } from './desired-reading.ts'
import { linkMembers, structShape } from './desired-struct-ops.ts'
import { readForeignMap } from './foreign-map.ts'
import { kernelMapName } from './map-names.ts'
import type { MapQuestion } from './map-question.ts'
import { hasValues, lacksValueSize, sizeless, usualTrace } from './map-size.ts'

/** One wanted map; empty where it cannot be, which has been complained about. */
export function toMapState(reading: Reading, question: MapQuestion): MapState[] {
  const { map } = question
  const { declared, object, spec } = map
  if (declared?.owner === 'foreign') return readForeignMap(reading, map, declared)
  if (!object || !spec) return []
  const at = reading.loaded.at(declared ? ['maps', map.name] : ['objects', object.name])
  const linked = linkMembers(reading, map, { object, spec })
  const asked = toShape(reading, map, { spec, declared })
  const shape = linked ? structShape(reading, map, { shape: asked, linked }) : asked
  return [
    {
      kind: 'map',
      address: map.address,
      name: kernelMapName(object, spec),
      owner: 'stack',
      shape,
      layout: spec.layout,
      pinned: declared?.pin ?? true,
      contents: readContents(reading, { ...question, object, spec, shape, declared, linked }),
      onChange: declared?.onChange ?? 'refuse',
      ...policyOf(declared),
      onSlotChange: declared?.onSlotChange ?? 'replace',
      ...btfOf(object, spec),
      ...(spec.contents.kind === 'members' ? { structOps: spec.contents.type } : {}),
      at,
    },
  ]
}

/** How it is migrated, what a destroy does and whether it is protected, where the manifest says something about that. */
const policyOf = ({
  merge,
  onLossy,
  globals,
  onDestroy,
  protect,
}: Partial<OwnMap> = {}): Pick<MapState, 'merge' | 'onLossy' | 'globals' | 'onDestroy' | 'protect'> => ({
  ...(merge && { merge }),
  ...(onLossy && { onLossy }),
  ...(globals && { globals }),
  ...(onDestroy && { onDestroy }),
  ...(protect === undefined ? {} : { protect }),
})

interface Declaration {
  readonly spec: MapSpec
  readonly declared: OwnMap | undefined
}

function toShape(reading: Reading, { name, address }: FoundMap, { spec, declared }: Declaration): MapShape {
  const { shape } = spec
  const isPerCpuEvents = shape.type === 'perf_event_array' && shape.maxEntries === 0
  const maxEntries =
    declared?.maxEntries ?? (isPerCpuEvents ? reading.world.kernel.identity.possibleCpus : shape.maxEntries)
  const valueSize = declared?.valueSize ?? shape.valueSize
  const problems = {
    maxEntries: sizeProblem(spec, maxEntries),
    valueSize: valueProblem(spec, declared?.valueSize),
  }
  for (const key of ['maxEntries', 'valueSize'] as const) {
    const { what, hint } = problems[key] ?? {}
    if (what === undefined) continue
    const path = declared?.[key] === undefined ? ['maps', name] : ['maps', name, key]
    complain(reading, 'M211', { detail: `cannot create ${address}: ${what}`, hint, address, path })
  }
  return { ...shape, maxEntries, valueSize }
}

/** The object's code knows how long the values are that it reads and writes; only a trace is as long as one likes. */
function valueProblem(spec: MapSpec, wanted: number | undefined): SizeProblem | undefined {
  const { type, valueSize } = spec.shape
  const leave = 'leave `valueSize` out'
  if (wanted !== undefined && !hasValues(spec)) return { what: `a ${type} map has no values of its own`, hint: leave }
  if (wanted !== undefined && valueSize !== 0 && wanted !== valueSize) {
    return { what: `its values have ${valueSize} bytes in the object`, hint: leave }
  }
  const write = `write \`valueSize:\`, for 127 frames ${usualTrace}`
  if (type === 'stack_trace' && (wanted ?? valueSize) % 8 !== 0) return { what: 'a frame takes 8 bytes', hint: write }
  if (wanted !== undefined || !lacksValueSize(spec)) return undefined
  const hint = type === 'stack_trace' ? write : 'write `valueSize:`'
  return { what: 'it has no value_size', hint: `${hint}, or set it in the object` }
}

interface SizeProblem {
  readonly what: string
  readonly hint: string
}

// The smallest page of any machine; the kernel itself asks for a multiple of its own.
const page = 4096

function sizeProblem({ shape, contents }: MapSpec, maxEntries: number): SizeProblem | undefined {
  if (contents.kind === 'data' && shape.type !== 'arena' && maxEntries !== 1) {
    return { what: 'a data section has one entry', hint: 'leave `maxEntries` out' }
  }
  if (sizeless.has(shape.type)) {
    return maxEntries === 0 ? undefined : { what: `a ${shape.type} map has no size`, hint: 'leave `maxEntries` out' }
  }
  if (maxEntries === 0) return { what: 'it has no max_entries', hint: 'write `maxEntries:`, or set it in the object' }
  if (shape.type !== 'ringbuf' && shape.type !== 'user_ringbuf') return undefined
  const fits = maxEntries % page === 0 && Number.isInteger(Math.log2(maxEntries))
  if (fits) return undefined
  const next = Math.max(page, 2 ** Math.ceil(Math.log2(maxEntries)))
  const what = `${maxEntries} bytes are not a power of two and a multiple of the page size`
  return { what, hint: `write \`maxEntries: ${next}\`` }
}

/** Types to which the kernel lets BTF be attached; for others map_check_no_btf says ENOTSUPP. */
const withBtf: ReadonlySet<MapType> = new Set([
  'hash',
  'array',
  'percpu_hash',
  'percpu_array',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'bloom_filter',
  ...sizeless,
])

/** Data sections have no key type and Bloom filters no key; every other map needs both. */
function btfOf({ name, file }: LoadedObject, spec: MapSpec): Pick<MapState, 'btf'> {
  const { keyTypeId, valueTypeId, contents } = spec
  // What describes the value is the kernel's own type, but the call wants somebody's BTF beside it.
  if (file.btf && contents.kind === 'members') return { btf: { object: name, keyTypeId: 0, valueTypeId: 0 } }
  if (!file.btf || !withBtf.has(spec.shape.type) || valueTypeId === undefined) return {}
  if (keyTypeId === undefined && contents.kind !== 'data' && spec.shape.type !== 'bloom_filter') return {}
  return { btf: { object: name, keyTypeId: keyTypeId ?? 0, valueTypeId } }
}
