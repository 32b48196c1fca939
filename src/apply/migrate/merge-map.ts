import type { Fd, Kernel } from '../../kernel/kernel.ts'
import { addressOf, type MapAddress } from '../../model/address.ts'
import type { Migration } from '../../model/migration.ts'
import { latePath } from '../../plan/merge.ts'
import type { Operation } from '../../plan/step.ts'
import type { Migrated } from '../event.ts'
import { absolute, type Execution } from '../execution.ts'
import { isErrno } from '../problem.ts'
import { Counting } from './add-counts.ts'
import { Converter } from './converter.ts'
import { EntryWriter } from './entry-writer.ts'
import { exactLookup, type Lookup } from './exact-lookup.ts'
import { type Differences, matchEntries, type Row } from './match-entries.ts'
import { type Chunk, readSnapshot } from './snapshot.ts'

type MergeMap = Operation & { readonly kind: 'merge-map' }

/**
 * Carries over what was written into the old map since it was copied: by then nothing writes to it any more. Compares it with the
 * snapshot and the new map, key by key where they differ. Interrupted anywhere, it can be done again: nothing is added twice, and
 * nothing that has been deleted meanwhile comes back.
 */
export async function mergeMap(run: Execution, operation: MergeMap): Promise<void> {
  const { kernel, handles, plan } = run
  const { source, target, path, migration } = operation
  const converter = new Converter(migration, kernel.identity)
  using snapshot = openMap(kernel, absolute(plan, path))
  if (!snapshot) return
  using late = openMap(kernel, absolute(plan, latePath(path)))
  const [old, map] = [handles.map(source), handles.map(target)]
  const tally = { copied: 0, merged: 0, conflicting: 0, dropped: 0 }
  const maps = { migration, map, snapshot, late }
  using counting = await Counting.open(kernel, converter, { maps, missing: () => tally.conflicting++ })
  const merge = new Merge({ kernel, old, map, late, converter, migration, counting, tally })
  const sizes = converter.from
  matchEntries(counted(readSnapshot(kernel, snapshot, sizes), tally), kernel.entries(old), { sizes, on: merge })
  counting.finish()
  run.migrated.set(addressOf(target) as MapAddress, tally)
}

/** Undefined where nothing is pinned: it was merged before. */
function openMap(kernel: Kernel, path: string): Fd<'map'> | undefined {
  try {
    const fd = kernel.openPin(path)
    if (fd.kind === 'map') return fd as Fd<'map'>
    fd[Symbol.dispose]()
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
  return undefined
}

type Tally = { -readonly [K in keyof Migrated]: Migrated[K] }

function* counted(chunks: Iterable<Chunk>, tally: Tally): Generator<Chunk> {
  for (const chunk of chunks) {
    tally.copied += chunk.count
    yield chunk
  }
}

interface MergeOptions {
  readonly kernel: Kernel
  readonly old: Fd<'map'>
  readonly map: Fd<'map'>
  readonly late: Fd<'map'> | undefined
  readonly converter: Converter
  readonly migration: Migration
  readonly counting: Counting
  readonly tally: Tally
}

/** One entry as the new map holds it. */
interface Converted {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

class Merge implements Differences<Chunk> {
  readonly #of: MergeOptions
  readonly #writer: EntryWriter
  readonly #sums: boolean
  readonly #inOld: Lookup
  readonly #inNew: Lookup

  constructor(options: MergeOptions) {
    this.#of = options
    this.#writer = new EntryWriter(options.kernel, options.map, options.migration)
    const { kernel, old, map, migration, converter } = options
    this.#sums = migration.merge === 'sum'
    this.#inOld = exactLookup(kernel, old, { type: migration.from.type, sizes: converter.from })
    this.#inNew = exactLookup(kernel, map, { type: migration.to.type, sizes: converter.to })
  }

  changed(before: Row<Chunk>, after: Row): void {
    const { tally, counting, converter } = this.#of
    if (this.#isBeyond(after)) return
    if (this.#sums) {
      const noted = placeOf(before, converter)
      const { key } = this.#convert(after)
      if (counting.add({ key, before: before.value, after: after.value, noted })) tally.merged++
      return
    }
    const [old, wanted] = [this.#convert(before), this.#convert(after)]
    const found = this.#inNew(wanted.key)
    if (isSame(found, wanted.value)) tally.merged++
    else if (!isSame(found, old.value)) tally.conflicting++
    else this.#replace(wanted)
  }

  gone(before: Row<Chunk>): void {
    const { kernel, map, tally, counting, converter } = this.#of
    // Met at another place of the walk.
    if (this.#inOld(before.key)) return
    const converted = this.#convert(before)
    const found = this.#inNew(converted.key)
    if (!found || (isSame(found, converted.value) && kernel.remove(map, converted.key))) tally.merged++
    else if (!this.#sums) tally.conflicting++
    else {
      // What the new programs have counted since is all that the entry holds.
      const noted = placeOf(before, converter)
      const after = new Uint8Array(before.value.length)
      if (counting.add({ key: converted.key, before: before.value, after, noted })) tally.merged++
    }
  }

  fresh(after: Row): void {
    if (this.#isBeyond(after)) return
    if (this.#sums) this.#countFresh(after)
    else this.#insertFresh(after)
  }

  /** Not again what was inserted before: the new programs may have deleted it since. */
  #insertFresh(after: Row): void {
    const { kernel, late, tally } = this.#of
    if (late && kernel.lookup(late, after.key)) {
      tally.merged++
      return
    }
    const wanted = this.#convert(after)
    const how = this.#insert(wanted)
    if (how === 'inserted') tally.merged++
    else if (how === 'full') tally.dropped++
    else if (isSame(this.#inNew(wanted.key), wanted.value)) tally.merged++
    else tally.conflicting++
    if (how !== 'full' && late) kernel.update(late, after.key, after.value)
  }

  /** Begins at zero, like an entry of the snapshot that has not counted yet. */
  #countFresh(after: Row): void {
    const { kernel, late, tally, counting } = this.#of
    if (!late) return
    const known = kernel.lookup(late, after.key)
    const before = known ?? new Uint8Array(after.value.length)
    const wanted = this.#convert(after)
    if (!known) {
      if (this.#insert({ key: wanted.key, value: this.#uncounted(wanted.value) }) === 'full') {
        tally.dropped++
        return
      }
      kernel.update(late, after.key, before)
    }
    const noted = { journal: 'late', key: after.key, offset: 0 } as const
    counting.add({ key: wanted.key, before, after: after.value, noted })
    tally.merged++
  }

  #uncounted(value: Uint8Array): Uint8Array {
    const { converter } = this.#of
    const rest = Uint8Array.from(value)
    for (let one = 0; one < converter.perEntry; one++) {
      for (const { to, toSize } of converter.counters) {
        const at = one * converter.to.stride + to
        rest.fill(0, at, at + toSize)
      }
    }
    return rest
  }

  #insert({ key, value }: Converted): 'inserted' | 'there' | 'full' {
    const { type } = this.#of.migration.to
    // An array of maps takes no mode, and tries of Linux 5.10 replace what is there whatever it says.
    if ((type === 'array_of_maps' || type === 'lpm_trie') && this.#inNew(key)) return 'there'
    try {
      this.#writer.put(key, value, type === 'array_of_maps' ? 'any' : 'create')
      return 'inserted'
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return 'there'
      if (isErrno(error, 'E2BIG', 'ENOSPC', 'ENOMEM')) return 'full'
      throw error
    }
  }

  #replace({ key, value }: Converted): void {
    const { tally, migration } = this.#of
    try {
      this.#writer.put(key, value, migration.to.type === 'array_of_maps' ? 'any' : 'replace')
      tally.merged++
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
      tally.conflicting++
    }
  }

  /** A copy, since the buffers of the conversion are used again. */
  #convert({ key, value }: Row): Converted {
    const converted = this.#of.converter.convert({ keys: aligned(key), values: aligned(value), count: 1 })
    const { to } = this.#of.converter
    return { key: converted.keys.slice(0, to.key), value: converted.values.slice(0, to.value) }
  }

  /** An element that the new array does not have. */
  #isBeyond({ key }: Row): boolean {
    const { migration, kernel, tally } = this.#of
    const { type, maxEntries } = migration.to
    if (type !== 'array' && type !== 'percpu_array') return false
    const index = new DataView(key.buffer, key.byteOffset).getUint32(0, kernel.identity.byteOrder === 'little')
    if (index < maxEntries) return false
    tally.dropped++
    return true
  }
}

/** At the start of a buffer of its own, as a conversion by words wants it. */
const aligned = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes)

const isSame = (found: Uint8Array | undefined, value: Uint8Array): boolean =>
  found !== undefined && Buffer.compare(found, value) === 0

function placeOf({ batch, index }: Row<Chunk>, { from }: Converter) {
  return { journal: 'snapshot', key: batch.key, offset: batch.valuesAt + index * from.value } as const
}
