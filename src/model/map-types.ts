/** What pinfold has to know of a map type. */
export interface MapTypeRule {
  readonly name: string
  /** `enum bpf_map_type`. */
  readonly number: number
  /** The value holds one slot per possible CPU, each rounded up to 8 bytes. */
  readonly perCpu?: true
  /**
   * What the kernel does at the last user reference (fd or pin), whoever still uses the map: `clears-slots` empties
   * program arrays (c9da161c6517), `releases-programs` detaches what is attached to a sockmap or sockhash.
   */
  readonly atLastUserReference?: 'clears-slots' | 'releases-programs'
  /** The values name programs, maps or devices that the kernel keeps. */
  readonly holds?: 'programs' | 'maps'
  /** The kernel may round max_entries or set flags itself. */
  readonly adjusted?: 'rounds-entries' | 'sets-rdonly-prog'
}

/** Every map type by number; names as bpftool prints them. */
export const mapTypes = [
  { name: 'hash', number: 1 },
  { name: 'array', number: 2 },
  { name: 'prog_array', number: 3, atLastUserReference: 'clears-slots', holds: 'programs' },
  { name: 'perf_event_array', number: 4, adjusted: 'rounds-entries' },
  { name: 'percpu_hash', number: 5, perCpu: true },
  { name: 'percpu_array', number: 6, perCpu: true },
  { name: 'stack_trace', number: 7 },
  { name: 'cgroup_array', number: 8 },
  // With BPF_F_NO_COMMON_LRU the kernel rounds max_entries up to a multiple of the CPUs.
  { name: 'lru_hash', number: 9, adjusted: 'rounds-entries' },
  { name: 'lru_percpu_hash', number: 10, perCpu: true, adjusted: 'rounds-entries' },
  { name: 'lpm_trie', number: 11 },
  { name: 'array_of_maps', number: 12, holds: 'maps' },
  { name: 'hash_of_maps', number: 13, holds: 'maps' },
  // The kernel sets BPF_F_RDONLY_PROG on every devmap (0cdbb4b09a06).
  { name: 'devmap', number: 14, adjusted: 'sets-rdonly-prog' },
  { name: 'sockmap', number: 15, atLastUserReference: 'releases-programs' },
  { name: 'cpumap', number: 16 },
  { name: 'xskmap', number: 17 },
  { name: 'sockhash', number: 18, atLastUserReference: 'releases-programs' },
  { name: 'cgroup_storage', number: 19 },
  { name: 'reuseport_sockarray', number: 20 },
  { name: 'percpu_cgroup_storage', number: 21, perCpu: true },
  { name: 'queue', number: 22 },
  { name: 'stack', number: 23 },
  { name: 'sk_storage', number: 24 },
  { name: 'devmap_hash', number: 25, adjusted: 'sets-rdonly-prog' },
  { name: 'struct_ops', number: 26 },
  { name: 'ringbuf', number: 27 },
  { name: 'inode_storage', number: 28 },
  { name: 'task_storage', number: 29 },
  { name: 'bloom_filter', number: 30 },
  { name: 'user_ringbuf', number: 31 },
  { name: 'cgrp_storage', number: 32 },
  { name: 'arena', number: 33 },
] as const

/** A map type as bpftool spells it: `lru_hash`. */
export type MapType = (typeof mapTypes)[number]['name']

const byName = new Map<string, MapTypeRule>(mapTypes.map((rule) => [rule.name, rule]))
const byNumber = new Map<number, (typeof mapTypes)[number]>(mapTypes.map((rule) => [rule.number, rule]))

/** The rule of a map type. */
export function mapTypeRule(type: MapType): MapTypeRule {
  const rule = byName.get(type)
  if (!rule) throw new Error(`unreachable: map type ${type}`)
  return rule
}

const BPF_F_NO_COMMON_LRU = 1 << 1

/** True where a map with so many entries is what the kernel makes of a wish: it may round up, to a multiple of the CPUs. */
export function isRoundedSize(
  live: number,
  wanted: { readonly type: MapType; readonly maxEntries: number; readonly flags: number },
): boolean {
  const rounds = mapTypeRule(wanted.type).adjusted === 'rounds-entries' && (wanted.flags & BPF_F_NO_COMMON_LRU) !== 0
  return live === wanted.maxEntries || (rounds && live > wanted.maxEntries && live < wanted.maxEntries + mostCpus)
}

const mostCpus = 4096

/** The map type with that number in `enum bpf_map_type`, or undefined for one newer than this table. */
export const mapTypeOf = (number: number): MapType | undefined => byNumber.get(number)?.name
