import { readdirSync } from 'node:fs'
import { KernelError } from '../model/errors.ts'
import { loadAddon } from './addon.ts'
import { infoLayout, objectLayout } from './attr-object.ts'
import { linuxBpffs } from './bpffs.ts'
import { kernelError, withErrno } from './errno.ts'
import { decodeAny } from './info.ts'
import { type InfoBuffer, idsSize, infoBuffer, infoSize } from './info-buffer.ts'
import { prepareInfo } from './info-program.ts'
import type { ObjectInfo, PinEntry } from './kernel.ts'
import { encode, littleEndian, struct, viewOf } from './layout.ts'
import { describePin } from './pins.ts'
import { commands } from './syscall.ts'

/** What is pinned in a directory, by one call into the addon for many pins. */
export function describePins(directory: string): readonly PinEntry[] {
  const waiting = ahead.get(directory)
  ahead.delete(directory)
  return waiting ? readBlocks(directory, waiting) : describeNow(directory)
}

/**
 * Asks about the pins of directories on the thread pool, for `describePins` to find what was answered: the kernel's half of
 * reading a large host costs no time then. A directory that cannot be listed is left to `describePins` to complain about.
 */
export async function readAhead(directories: readonly string[]): Promise<void> {
  const asked = directories.flatMap((directory) => askAhead(directory) ?? [])
  await Promise.all(asked.flatMap(({ answers }) => answers))
  for (const { directory, blocks } of asked) ahead.set(directory, blocks)
}

/** What was asked ahead and is not taken yet. */
const ahead = new Map<string, readonly Filled[]>()

/** Slots with pins in them, by the order of the pins' names. */
interface Filled {
  readonly names: readonly string[]
  readonly block: Block
}

function describeNow(directory: string): readonly PinEntry[] {
  return chunksOf(namesIn(directory)).flatMap((names) => {
    const filled = fill(directory, names)
    loadAddon().bpfEach(filled.block.memory, rowOf(names.length))
    return readBlocks(directory, [filled])
  })
}

function askAhead(directory: string) {
  try {
    const blocks = chunksOf(namesIn(directory)).map((names) => fill(directory, names))
    const answers = blocks.map(({ names, block }) => loadAddon().bpfEach(block.memory, rowOf(names.length), true))
    return { directory, blocks, answers }
  } catch (error) {
    if (error instanceof KernelError) return undefined
    throw error
  }
}

const namesIn = (directory: string): string[] =>
  withErrno(`list ${directory}`, directory, () => readdirSync(directory)).sort()

const chunksOf = (names: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(names.length / slotCount) }, (_, i) => names.slice(i * slotCount, (i + 1) * slotCount))

function fill(directory: string, names: readonly string[]): Filled {
  const block = free.pop() ?? openBlock()
  for (const [i, name] of names.entries()) prepare(block.slots[i] as Slot, `${directory}/${name}`)
  return { names, block }
}

function readBlocks(directory: string, blocks: readonly Filled[]): PinEntry[] {
  return blocks.flatMap(({ names, block }) => {
    const entries = names.map((name, i) => toEntry(block.slots[i] as Slot, name, `${directory}/${name}`))
    free.push(block)
    return entries
  })
}

/** Memory for so many pins at once. */
interface Block {
  readonly memory: Buffer
  readonly slots: readonly Slot[]
}

/** Blocks to be used again: the addresses in them stay. */
const free: Block[] = []

function openBlock(): Block {
  const memory = Buffer.alloc(slotCount * slotLayout.size)
  return { memory, slots: Array.from({ length: slotCount }, (_, index) => openSlot(memory, index)) }
}

/** Where one pin is described, again and again. */
interface Slot {
  readonly path: Buffer
  /** The attr of BPF_OBJ_GET_INFO_BY_FD; the addon leaves 0 or -errno in the descriptor's place. */
  readonly attr: DataView
  readonly info: InfoBuffer
}

/** Longer than the kernel takes a path: it says ENAMETOOLONG itself. */
const pathSize = 4104

const slotLayout = struct({
  open: `u8[${objectLayout.size}]`,
  ask: `u8[${infoLayout.size}]`,
  info: `u8[${infoSize}]`,
  ids: `u8[${idsSize}]`,
  path: `u8[${pathSize}]`,
})
const slotCount = 64

function openSlot(memory: Buffer, index: number): Slot {
  const bytes = memory.subarray(index * slotLayout.size, (index + 1) * slotLayout.size)
  const part = (at: number, size: number): Buffer => bytes.subarray(at, at + size)
  const { at } = slotLayout
  const [path, info] = [part(at.path, pathSize), part(at.info, infoSize)]
  loadAddon().point(bytes, [at.open + objectLayout.at.pathname, path, at.ask + infoLayout.at.info, info])
  const attr = viewOf(part(at.ask, infoLayout.size))
  const again = (): void => {
    loadAddon().bpfEach(bytes, rowOf(1))
    const result = resultOf(attr)
    if (result < 0) throw kernelError({ command: 'BPF_OBJ_GET', errno: -result, doing: 'describe a pin' })
  }
  return { path, attr, info: infoBuffer(info, part(at.ids, idsSize), again) }
}

function prepare({ path, attr, info }: Slot, name: string): void {
  path[path.write(name, 0, pathSize - 1)] = 0
  attr.setUint32(infoLayout.at.info_len, infoSize, littleEndian)
  prepareInfo(info)
}

/** What `bpfEach` takes. */
const eachLayout = struct({ count: 'u32', size: 'u32', open: 'u32', open_size: 'u32', ask: 'u32', ask_size: 'u32' })

const rowOf = (count: number): Uint8Array =>
  encode(eachLayout, {
    count,
    size: slotLayout.size,
    open: commands.BPF_OBJ_GET,
    open_size: objectLayout.size,
    ask: commands.BPF_OBJ_GET_INFO_BY_FD,
    ask_size: infoLayout.size,
  }).bytes

const resultOf = (attr: DataView): number => attr.getInt32(infoLayout.at.bpf_fd, littleEndian)

function toEntry(slot: Slot, name: string, path: string): PinEntry {
  try {
    return { name, directory: false, info: readSlot(slot) ?? describePin(path) }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    if (error.errno === 'ENOENT' || error.errno === 'EINVAL') return { name, directory: false, info: undefined }
    if (linuxBpffs.stat(path)?.kind === 'directory') return { name, directory: true, info: undefined }
    throw error
  }
}

/** Undefined for a failure, which is better told by asking once more, and for a kind that has not been met yet. */
function readSlot({ attr, info }: Slot): ObjectInfo | undefined {
  return resultOf(attr) < 0 ? undefined : decodeAny(info, attr.getUint32(infoLayout.at.info_len, littleEndian))
}
