import { copyMapName, lateMapName } from '../../kernel/copy-maps.ts'
import type { EntryBatch } from '../../kernel/entries.ts'
import type { Fd, Kernel, MapInfo } from '../../kernel/kernel.ts'
import type { Migration } from '../../model/migration.ts'
import { latePath } from '../../plan/merge.ts'
import type { Operation } from '../../plan/step.ts'
import { describeMap } from '../execute-map.ts'
import { unpin } from '../execute-tree.ts'
import { absolute, type Execution } from '../execution.ts'
import { adderRequests } from './add-counts.ts'
import { Converter } from './converter.ts'
import { EntryWriter } from './entry-writer.ts'
import { chunkLayout, SnapshotWriter, snapshotShape } from './snapshot.ts'

type SnapshotMap = Operation & { readonly kind: 'snapshot-map' }

/**
 * Copies the entries of a live map into the new one, converted, and pins what was copied beside it, so that the merge can tell
 * what has been written since. A failure leaves no pin behind.
 */
export async function snapshotMap(run: Execution, operation: SnapshotMap): Promise<void> {
  const { path } = operation
  try {
    await copyEntries(run, operation)
  } catch (error) {
    unpin(run, { path: latePath(path) })
    unpin(run, { path })
    throw error
  }
}

async function copyEntries(run: Execution, { source, target, path, migration }: SnapshotMap): Promise<void> {
  const { kernel, plan, handles } = run
  const [from, to] = [handles.map(source), handles.map(target)]
  const converter = new Converter(migration, kernel.identity)
  const capacity = capacityOf(kernel, from, converter)
  const layout = chunkLayout(converter.from, capacity)
  using snapshot = kernel.createMap({ name: copyMapName, shape: snapshotShape(layout, capacity) })
  kernel.pin(snapshot, absolute(plan, path))
  using late = createLate(kernel, converter, migration)
  if (late) kernel.pin(late, absolute(plan, latePath(path)))
  // Whether the kernel can add is better known now than when the links are switched.
  for (const request of adderRequests(converter, { migration, map: to, snapshot, late })) {
    using _ = await kernel.openAdder(request)
  }
  const writer = new SnapshotWriter(kernel, snapshot, layout, capacity)
  const entries = new EntryWriter(kernel, to, migration)
  for (const batch of withinTarget(kernel.entries(from), migration)) {
    const taken = { ...batch, count: writer.add(batch) }
    entries.write(converter.convert(taken))
    if (taken.count < batch.count) break
  }
  writer.finish()
}

const BPF_F_NO_PREALLOC = 1 << 0
/** A snapshot of all that a map could hold may be this large before it pays to count what it does hold; bytes. */
const largestUncounted = 64 * 1024 * 1024

/** How many entries the snapshot has room for; the kernel takes the memory for all of them at once. */
function capacityOf(kernel: Kernel, from: Fd<'map'>, { from: sizes }: Converter): number {
  const info: MapInfo = describeMap(kernel, from)
  const { maxEntries, flags } = info.shape
  const whole = maxEntries * (sizes.key + sizes.value)
  const isArray = info.type === 'array' || info.type === 'percpu_array'
  if (isArray || ((flags & BPF_F_NO_PREALLOC) === 0 && whole <= largestUncounted)) return maxEntries
  let count = 0
  for (const batch of kernel.entries(from)) count += batch.count
  return Math.min(maxEntries, Math.ceil(count * 1.25) + 1024)
}

/** Elements of an array are never new. */
function createLate(kernel: Kernel, { from }: Converter, { merge, from: { type, maxEntries } }: Migration) {
  if (type === 'array' || type === 'percpu_array') return undefined
  const shape = {
    type: 'hash',
    keySize: from.key,
    valueSize: from.value,
    maxEntries,
    // Programs that may sleep, such as the one that adds, take no other hash before Linux 6.1 (02cc5aa29e8c).
    flags: merge === 'sum' && isOlder(kernel, 6, 1) ? 0 : BPF_F_NO_PREALLOC,
    mapExtra: 0,
  } as const
  return kernel.createMap({ name: lateMapName, shape })
}

function isOlder({ identity }: Kernel, major: number, minor: number): boolean {
  const [ours = 0, its = 0] = identity.release.split('.').map(Number)
  return ours < major || (ours === major && its < minor)
}

/** The elements of an array that the new one has, too; they come in their order. */
function* withinTarget(batches: Iterable<EntryBatch>, { from, to }: Migration): Generator<EntryBatch> {
  const isArray = from.type === 'array' || from.type === 'percpu_array'
  let left = isArray ? to.maxEntries : Number.POSITIVE_INFINITY
  for (const batch of batches) {
    if (left <= 0) return
    const count = Math.min(batch.count, left)
    left -= count
    yield count === batch.count ? batch : { ...batch, count }
  }
}
