import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'
import { loadAddon } from './addon.ts'
import { infoLayout } from './attr-object.ts'
import { kernelError } from './errno.ts'
import type { InfoBuffer } from './info-buffer.ts'
import { decodeLink } from './info-link.ts'
import { decodeMap } from './info-map.ts'
import { decodeProgram } from './info-program.ts'
import type { Fd, MapInfo, ObjectInfo, ObjectKind } from './kernel.ts'
import { littleEndian, viewOf } from './layout.ts'
import { commands } from './syscall.ts'

/** BPF_OBJ_GET_INFO_BY_FD of an object whose kind is known. A map's `frozen` is told too (from fdinfo). */
export function readInfo(fd: Fd<ObjectKind>): ObjectInfo {
  const info = readInfoAlone(fd)
  return info.kind === 'map' ? withFrozen(info, fd.number) : info
}

/** The same without the look into fdinfo, which costs more than the rest. */
export function readInfoAlone(fd: Fd<ObjectKind>): ObjectInfo {
  fetchInfo(fd.number, `describe ${fd.kind}`)
  return decode(fd.kind)
}

/** The same for a bare descriptor of any kind; what describing thousands of pins costs. */
export function readAnyInfo(fd: number, doing: string): ObjectInfo {
  const length = fetchInfo(fd, doing)
  return decode(kindBySize.get(length) ?? learnKind(fd, length))
}

/** The kind of an open object, from /proc; undefined when it is none of ours. */
export function kindOfFd(fd: number): ObjectKind | undefined {
  const name = /^anon_inode:\[?bpf[-_](map|prog|link)\]?$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]
  return name === 'prog' ? 'program' : (name as 'map' | 'link' | undefined)
}

function decode(kind: ObjectKind): ObjectInfo {
  switch (kind) {
    case 'map':
      return decodeMap(buffer)
    case 'program':
      return decodeProgram(buffer)
    case 'link':
      return decodeLink(buffer)
  }
}

// More than any info structure has: what lies behind the kernel's own size must be zero, and stays zero.
const bytes = Buffer.alloc(512)
const view = viewOf(bytes)
const attr = Buffer.alloc(infoLayout.size)
const attrView = viewOf(attr)
let pointed = false
/** What the buffer was filled for last: a decoder may ask again. */
let asked = { fd: -1, doing: '' }
const buffer: InfoBuffer = { bytes, view, again: () => call() }

/** Fills `bytes`; how much of it the kernel knows. */
function fetchInfo(fd: number, doing: string): number {
  bytes.fill(0)
  asked = { fd, doing }
  return call()
}

function call(): number {
  const { fd, doing } = asked
  const addon = loadAddon()
  if (!pointed) pointed = addon.point(attr, [infoLayout.at.info, bytes]) === 0
  attrView.setUint32(infoLayout.at.bpf_fd, fd, littleEndian)
  attrView.setUint32(infoLayout.at.info_len, bytes.length, littleEndian)
  const result = addon.bpf(commands.BPF_OBJ_GET_INFO_BY_FD, attr)
  if (result < 0) throw kernelError({ command: 'BPF_OBJ_GET_INFO_BY_FD', errno: -result, doing })
  return attrView.getUint32(infoLayout.at.info_len, littleEndian)
}

/**
 * The kernel answers with the size of the structure that it filled, and each kind has had its own size on every kernel
 * (6.18: link 64, map 104, program 232). Each size is looked up in /proc once.
 */
const kindBySize = new Map<number, ObjectKind>()

function learnKind(fd: number, size: number): ObjectKind {
  const kind = kindOfFd(fd)
  if (kind === undefined) throw kernelError({ command: 'readlink', errno: 'EINVAL', doing: 'describe a pin' })
  kindBySize.set(size, kind)
  return kind
}

function withFrozen(info: MapInfo, fd: number): MapInfo {
  const line = /^frozen:\s*(\d)/m.exec(readFdinfo(fd))
  return line ? { ...info, frozen: line[1] === '1' } : info
}

const text = Buffer.alloc(1024)

/** One read: fdinfo is short, and walks over all maps of a system read thousands of them. */
function readFdinfo(number: number): string {
  const file = openSync(`/proc/self/fdinfo/${number}`, 'r')
  try {
    return text.toString('latin1', 0, readSync(file, text))
  } finally {
    closeSync(file)
  }
}
