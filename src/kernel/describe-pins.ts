import { KernelError } from '../model/errors.ts'
import { type Each, loadAddon } from './addon.ts'
import { infoLayout, objectLayout } from './attr-object.ts'
import { linuxBpffs } from './bpffs.ts'
import { errnoNumber, kernelError } from './errno.ts'
import { decodeAny } from './info.ts'
import { type InfoBuffer, idsSize, infoSize } from './info-buffer.ts'
import { idsPointer, prepareInfo } from './info-program.ts'
import type { ObjectInfo, PinEntry } from './kernel.ts'
import { encode, littleEndian, struct, viewOf } from './layout.ts'
import { describePin } from './pins.ts'
import { commands } from './syscall.ts'

/** What is pinned in a directory, by one call into the addon. */
export function describePins(directory: string): readonly PinEntry[] {
  const known = ahead.get(directory)
  ahead.delete(directory)
  return known ?? describeNow(directory)
}

/**
 * Asks about the pins of directories on the thread pool, for `describePins` to find what was answered: the kernel's half of
 * reading a large host costs no time then. A directory that cannot be described is left to `describePins` to complain about.
 */
export async function readAhead(directories: readonly string[]): Promise<void> {
  const block = free.pop() ?? openBlock(fewSlots)
  const length = await loadAddon().bpfEach(...questionFor(block, directories), true)
  if (length >= 0) {
    for (const listing of listingsIn(block, directories, length)) keepAhead(listing)
  }
  free.push(block)
}

/** What was asked ahead and is not taken yet. */
const ahead = new Map<string, readonly PinEntry[]>()

function keepAhead(listing: Listing): void {
  if (resultOf(lastSlot(listing)) < 0) return
  try {
    ahead.set(listing.directory, readListing(listing))
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
}

function describeNow(directory: string): readonly PinEntry[] {
  let block = free.pop() ?? openBlock(fewSlots)
  let length = loadAddon().bpfEach(...questionFor(block, [directory]))
  while (length === -ENOBUFS) {
    block = openBlock(block.count * 2)
    length = loadAddon().bpfEach(...questionFor(block, [directory]))
  }
  free.push(block)
  return listingsIn(block, [directory], length).flatMap(readListing)
}

const ENOBUFS = errnoNumber('ENOBUFS')

/** Memory for so many names at once. */
interface Block {
  readonly count: number
  readonly memory: Buffer
  readonly names: Buffer
  /** Views of `memory`, made as they are needed. */
  readonly slots: Slot[]
}

/** Blocks to be used again. */
const free: Block[] = []

/** Enough for a stack of 100 maps and 100 programs. */
const fewSlots = 256
const nameSize = 64

const openBlock = (count: number): Block => ({
  count,
  memory: Buffer.alloc(count * slotLayout.size),
  names: Buffer.alloc(count * nameSize),
  slots: [],
})

/** Where one pin is described. */
interface Slot {
  /** The attr of BPF_OBJ_GET_INFO_BY_FD; the addon leaves 0 or -errno in the descriptor's place. */
  readonly attr: DataView
  readonly info: InfoBuffer
}

const slotLayout = struct({
  open: `u8[${objectLayout.size}]`,
  ask: `u8[${infoLayout.size}]`,
  info: `u8[${infoSize}]`,
  ids: `u8[${idsSize}]`,
})

function slotIn({ memory, slots }: Block, index: number): Slot {
  const known = slots[index]
  if (known) return known
  const part = (at: number, size: number): Buffer =>
    memory.subarray(index * slotLayout.size + at, index * slotLayout.size + at + size)
  const { at } = slotLayout
  const info = part(at.info, infoSize)
  const slot = {
    attr: viewOf(part(at.ask, infoLayout.size)),
    info: { bytes: info, view: viewOf(info), ids: viewOf(part(at.ids, idsSize)) },
  }
  slots[index] = slot
  return slot
}

const questionFor = ({ memory, names }: Block, directories: readonly string[]): Each => [
  form,
  emptySlot,
  memory,
  names,
  directories,
]

/** What `bpfEach` is told of a slot. */
const form = encode(
  struct({
    size: 'u32',
    open: 'u32',
    open_size: 'u32',
    ask: 'u32',
    ask_size: 'u32',
    path: 'u32',
    info: 'u32',
    info_to: 'u32',
    ids: 'u32',
    ids_to: 'u32',
  }),
  {
    size: slotLayout.size,
    open: commands.BPF_OBJ_GET,
    open_size: objectLayout.size,
    ask: commands.BPF_OBJ_GET_INFO_BY_FD,
    ask_size: infoLayout.size,
    path: slotLayout.at.open + objectLayout.at.pathname,
    info: slotLayout.at.ask + infoLayout.at.info,
    info_to: slotLayout.at.info,
    ids: slotLayout.at.info + idsPointer,
    ids_to: slotLayout.at.ids,
  },
).bytes

const emptySlot = makeEmptySlot()

function makeEmptySlot(): Buffer {
  const block = openBlock(1)
  const { attr, info } = slotIn(block, 0)
  attr.setUint32(infoLayout.at.info_len, infoSize, littleEndian)
  prepareInfo({ ...info, idsAt: [0, 0] })
  return block.memory
}

/** The names in a directory, and where the answers begin. */
interface Listing {
  readonly directory: string
  readonly block: Block
  readonly first: number
  readonly names: readonly string[]
}

/** An empty name ends each directory's. */
function listingsIn(block: Block, directories: readonly string[], length: number): Listing[] {
  const all = block.names.toString('utf8', 0, length).split('/')
  let first = 0
  return directories.map((directory) => {
    const end = all.indexOf('', first)
    const listing = { directory, block, first, names: all.slice(first, end) }
    first = end + 1
    return listing
  })
}

/** The one that tells whether the directory could be listed. */
const lastSlot = ({ block, first, names }: Listing): Slot => slotIn(block, first + names.length)

function readListing(listing: Listing): PinEntry[] {
  const { directory, block, first, names } = listing
  const result = resultOf(lastSlot(listing))
  if (result < 0) {
    throw kernelError({ command: 'scandir', errno: -result, doing: `list ${directory}`, target: directory })
  }
  return names.map((name, i) => toEntry(slotIn(block, first + i), name, directory))
}

const resultOf = ({ attr }: Slot): number => attr.getInt32(infoLayout.at.bpf_fd, littleEndian)

const EISDIR = errnoNumber('EISDIR')

function toEntry(slot: Slot, name: string, directory: string): PinEntry {
  if (resultOf(slot) === -EISDIR) return { name, directory: true, info: undefined }
  try {
    return { name, directory: false, info: readSlot(slot) ?? describePin(`${directory}/${name}`) }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    if (error.errno === 'ENOENT' || error.errno === 'EINVAL') return { name, directory: false, info: undefined }
    if (linuxBpffs.stat(`${directory}/${name}`)?.kind === 'directory') return { name, directory: true, info: undefined }
    throw error
  }
}

/** Undefined for a failure, which is better told by asking once more, and for what one question does not tell. */
const readSlot = (slot: Slot): ObjectInfo | undefined =>
  resultOf(slot) < 0 ? undefined : decodeAny(slot.info, slot.attr.getUint32(infoLayout.at.info_len, littleEndian))
