import { loadAddon } from './addon.ts'
import { littleEndian, viewOf } from './layout.ts'

/** Memory that the kernel describes an object in, used again and again: nothing is allocated per call but the result. */
export interface InfoBuffer {
  /** The info structure; zeroes where the kernel knows less. */
  readonly bytes: Buffer
  readonly view: DataView
  /** Room for the ids of a program's maps, to which `bytes` may point. */
  readonly ids: DataView
}

/** An info buffer whose object can be asked about a second time. */
export interface AskedBuffer extends InfoBuffer {
  /** The address of `ids`: its first and its second four bytes. */
  readonly idsAt: readonly [number, number]
  /** Asks again about the same object, after the caller has put pointers into `bytes`. */
  readonly again: () => void
}

/** More than any info structure has: what lies behind the kernel's own size must be zero, and stays zero. */
export const infoSize = 512

/** As many maps as a program can refer to (MAX_USED_MAPS); only BPF_PROG_BIND_MAP adds more. */
export const idsSize: number = 64 * 4

/** Makes an info buffer of memory that stays where it is: `infoSize` bytes, and `idsSize` for ids. */
export function askedBuffer(again: () => void): AskedBuffer {
  const [bytes, ids, pointer] = [Buffer.alloc(infoSize), Buffer.alloc(idsSize), viewOf(Buffer.alloc(8))]
  loadAddon().point(new Uint8Array(pointer.buffer, pointer.byteOffset, 8), [0, ids])
  const idsAt = [pointer.getUint32(0, littleEndian), pointer.getUint32(4, littleEndian)] as const
  return { bytes, view: viewOf(bytes), ids: viewOf(ids), idsAt, again }
}
