import type { Address } from '../model/address.ts'
import type { Silence } from '../model/lint-rules.ts'
import type { Ownership } from '../model/state.ts'
import type {
  Manifest,
  ManifestAttach,
  ManifestEntry,
  ManifestIteratorStart,
  ManifestLink,
  ManifestMap,
  ManifestMove,
  ManifestObject,
  ManifestProgram,
} from './manifest.ts'
import { bareName } from './references.ts'
import { childrenOf, nodeAt, plainValue, type SourceNode } from './source-tree.ts'
import type { SourceLink, SourceManifest, SourceMap, SourceObject, SourceProgram } from './types.generated.ts'

/** Turns a tree that passed every check into the manifest: defaults filled in, short forms spelled out, names bare. */
export function normalize(root: SourceNode): Manifest {
  const source = plainValue(root) as unknown as SourceManifest
  const ownership = ownershipOf(source)
  return present({
    version: source.version,
    name: source.name,
    protect: source.protect,
    history: source.history ?? 1,
    drainSeconds: source.drainSeconds ?? 1,
    ownership,
    objects: mapEach(source.objects, objectOf),
    maps: mapEach(source.maps, (name, map) => mapOf(name, map, root)),
    programs: mapEach(source.programs, programOf),
    links: mapEach(source.links, linkOf),
    pins: mapEach(source.pins, (_, address) => address as Address),
    moved: (source.moved ?? []) as readonly ManifestMove[],
    silence: (source.silence ?? []) as readonly Silence[],
  })
}

function ownershipOf({ owner, mode }: SourceManifest): Ownership | undefined {
  if (owner === undefined && mode === undefined) return undefined
  return present({ ...owner, mode: mode === undefined ? undefined : Number.parseInt(mode, 8) })
}

function objectOf(name: string, { file, globals }: SourceObject): ManifestObject {
  return { name, file, globals: new Map(Object.entries(globals ?? {})) }
}

function mapOf(name: string, source: SourceMap, root: SourceNode): ManifestMap {
  const {
    object,
    pinned,
    onChange = 'refuse',
    onDestroy,
    merge,
    onLossy,
    globals,
    onSlotChange = 'replace',
    pin = true,
    protect,
    maxEntries,
    valueSize,
    slots,
    inner,
  } = source ?? {}
  const programs = indexed(slots, (program) => (program === null ? undefined : bareName(program)))
  if (pinned !== undefined) return present({ owner: 'foreign' as const, name, object, pinned, slots: programs })
  return present({
    owner: 'stack' as const,
    name,
    object,
    onChange,
    onDestroy: kept(onDestroy),
    merge,
    onLossy,
    globals,
    onSlotChange,
    pin,
    protect,
    maxEntries,
    valueSize,
    slots: programs,
    entries: entriesOf(name, root),
    inner: indexed(inner, bareName),
  })
}

/** A mapping of indexes as a list in their order; an empty one is a list of none. */
function indexed<From, To>(
  source: Readonly<Record<string, From>> | null | undefined,
  convert: (value: From) => To,
): readonly (readonly [number, To])[] | undefined {
  if (source === undefined) return undefined
  const pairs = Object.entries(source ?? {}).map(([index, value]) => [Number(index), convert(value)] as const)
  return pairs.sort(([a], [b]) => a - b)
}

/** Both forms as one list. From the tree, since plain data would lose the type of a mapping's keys. */
function entriesOf(map: string, root: SourceNode): readonly ManifestEntry[] | undefined {
  const path = ['maps', map, 'entries']
  const entries = nodeAt(root, path)
  if (entries === undefined) return undefined
  return [...childrenOf(entries)].map(([name, { key, node }]) => {
    if (entries.kind !== 'sequence') return { key: key.value, value: plainValue(node), path: [...path, name] }
    return { key: partOf(node, 'key'), value: partOf(node, 'value'), path: [...path, Number(name)] }
  })
}

function partOf(entry: SourceNode, name: 'key' | 'value'): ManifestEntry['key'] {
  const part = nodeAt(entry, [name])
  return part === undefined ? null : plainValue(part)
}

function programOf(name: string, source: SourceProgram): ManifestProgram {
  const { object, function: symbol = name, type, attachType, attachTarget, sleepable, protect } = source ?? {}
  const extended = source?.attachProgram
  const attachProgram = extended === undefined || extended.startsWith('/') ? extended : bareName(extended)
  return present({ name, object, function: symbol, type, attachType, attachTarget, attachProgram, sleepable, protect })
}

/** The default is not written down. */
const kept = (onDestroy: 'remove' | 'keep' | undefined): 'keep' | undefined =>
  onDestroy === 'keep' ? 'keep' : undefined

function linkOf(
  name: string,
  { program, attach, onReplace = 'overlap', onDestroy, protect }: SourceLink,
): ManifestLink {
  const bare = program === undefined ? undefined : bareName(program)
  return present({ name, program: bare, attach: attachOf(attach), onReplace, onDestroy: kept(onDestroy), protect })
}

function attachOf(source: SourceLink['attach']): ManifestAttach | undefined {
  if (source === undefined || typeof source === 'string') return undefined
  const { xdp, tcx, cgroup, netns, tracepoint, rawTracepoint, iter, structOps } = source
  if (xdp) return { kind: 'xdp', interface: xdp.interface, mode: xdp.mode ?? 'auto' }
  if (tcx) return { kind: 'tcx', interface: tcx.interface, direction: tcx.direction }
  if (cgroup) return present({ kind: 'cgroup' as const, path: cgroup.path, attachType: cgroup.type })
  if (netns !== undefined) {
    return present({ kind: 'netns' as const, path: netns?.path ?? '/proc/self/ns/net', attachType: netns?.type })
  }
  if (tracepoint !== undefined) return { kind: 'tracepoint', ...tracepointOf(tracepoint) }
  if (rawTracepoint !== undefined) {
    return { kind: 'raw_tracepoint', name: typeof rawTracepoint === 'string' ? rawTracepoint : rawTracepoint.name }
  }
  if (structOps) return { kind: 'struct_ops', map: bareName(structOps.map) }
  const map = iter?.map === undefined ? undefined : bareName(iter.map)
  return present({ kind: 'iter' as const, map, start: startOf(iter ?? {}) })
}

type SourceIterator = NonNullable<Exclude<NonNullable<SourceLink['attach']>, string>['iter']>

function startOf({ cgroup, pid, tid }: SourceIterator): ManifestIteratorStart | undefined {
  if (cgroup) return { kind: 'cgroup', path: cgroup.path, order: cgroup.order ?? 'descendants_pre' }
  if (pid !== undefined) return { kind: 'pid', number: pid }
  return tid === undefined ? undefined : { kind: 'tid', number: tid }
}

function tracepointOf(source: string | { category: string; name: string }): { category: string; name: string } {
  if (typeof source !== 'string') return { category: source.category, name: source.name }
  const [category = '', name = ''] = source.split('/')
  return { category, name }
}

function mapEach<From, To>(
  source: Readonly<Record<string, From>> | null | undefined,
  convert: (name: string, value: From) => To,
): ReadonlyMap<string, To> {
  return new Map(Object.entries(source ?? {}).map(([name, value]) => [name, convert(name, value)]))
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** The object without the fields that are undefined. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>
}
