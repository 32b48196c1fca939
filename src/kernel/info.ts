import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'
import { programTypeOf } from '../model/program-types.ts'
import { loadAddon } from './addon.ts'
import { infoLayout } from './attr-object.ts'
import { errnoNumber, kernelError } from './errno.ts'
import { type AskedBuffer, askedBuffer, type InfoBuffer, infoSize } from './info-buffer.ts'
import { decodeLink } from './info-link.ts'
import { decodeMap } from './info-map.ts'
import { decodeProgram, hasAllIds, prepareInfo } from './info-program.ts'
import type { Fd, MapInfo, ObjectInfo, ObjectKind, ProgramInfo } from './kernel.ts'
import { encode, littleEndian, viewOf } from './layout.ts'
import { bpf, commands } from './syscall.ts'

/** BPF_OBJ_GET_INFO_BY_FD of an object whose kind is known. A map's `frozen` and an array's owner are told too (from fdinfo). */
export function readInfo(fd: Fd<ObjectKind>): ObjectInfo {
  const info = readInfoAlone(fd)
  return info.kind === 'map' ? withFdinfo(info, fd.number) : info
}

/** The same without the look into fdinfo, which costs more than the rest. */
export function readInfoAlone(fd: Fd<ObjectKind>): ObjectInfo {
  return decode(fd.kind, fetchInfo(fd.number, `describe ${fd.kind}`).buffer)
}

/** The id alone, the second number of every info structure: the kernel fills in no more than it is asked for. */
export function readId(fd: Fd<ObjectKind>): number {
  const info = new Uint8Array(8)
  bpf('BPF_OBJ_GET_INFO_BY_FD', encode(infoLayout, { bpf_fd: fd.number, info }), `describe ${fd.kind}`)
  return viewOf(info).getUint32(4, littleEndian)
}

/** The same for a bare descriptor of any kind. */
export function readAnyInfo(fd: number, doing: string): ObjectInfo {
  const { buffer, length } = fetchInfo(fd, doing)
  return decode(kindBySize.get(length) ?? learnKind(fd, length), buffer)
}

/** The kind of an open object, from /proc; undefined when it is none of ours. */
export function kindOfFd(fd: number): ObjectKind | undefined {
  const name = /^anon_inode:\[?bpf[-_](map|prog|link)\]?$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]
  return name === 'prog' ? 'program' : (name as 'map' | 'link' | undefined)
}

/**
 * Decodes what the kernel left in a buffer, `length` bytes. Undefined when it is not known yet what kind has that size, and
 * for what takes a second question: names of links, more maps than there is room for.
 */
export function decodeAny(buffer: InfoBuffer, length: number): MapInfo | ProgramInfo | undefined {
  const kind = kindBySize.get(length)
  if (kind === 'map') return decodeMap(buffer)
  return kind === 'program' && hasAllIds(buffer) ? decodeProgram(buffer) : undefined
}

function decode(kind: ObjectKind, buffer: AskedBuffer): ObjectInfo {
  switch (kind) {
    case 'map':
      return decodeMap(buffer)
    case 'program':
      return decodeProgram(buffer)
    case 'link':
      return decodeLink(buffer)
  }
}

const attr = Buffer.alloc(infoLayout.size)
const attrView = viewOf(attr)
/** What was asked last. */
let asked = { fd: -1, doing: '' }
let single: AskedBuffer | undefined

/** Fills the one buffer of this file; how much of it the kernel knows. */
function fetchInfo(fd: number, doing: string): { readonly buffer: AskedBuffer; readonly length: number } {
  single ??= openBuffer()
  prepareInfo(single)
  asked = { fd, doing }
  const result = tryCall()
  if (result !== -errnoNumber('E2BIG')) return { buffer: single, length: lengthOf(result) }
  // The info of an older kernel's links ends before the request for a program's maps (5.10), and wants zeroes behind.
  single.bytes.fill(0)
  return { buffer: single, length: call() }
}

function openBuffer(): AskedBuffer {
  const buffer = askedBuffer(call)
  loadAddon().point(attr, [infoLayout.at.info, buffer.bytes])
  return buffer
}

const call = (): number => lengthOf(tryCall())

function tryCall(): number {
  attrView.setUint32(infoLayout.at.bpf_fd, asked.fd, littleEndian)
  attrView.setUint32(infoLayout.at.info_len, infoSize, littleEndian)
  return loadAddon().bpf(commands.BPF_OBJ_GET_INFO_BY_FD, attr)
}

function lengthOf(result: number): number {
  if (result < 0) throw kernelError({ command: 'BPF_OBJ_GET_INFO_BY_FD', errno: -result, doing: asked.doing })
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

function withFdinfo(info: MapInfo, fd: number): MapInfo {
  const lines = readFdinfo(fd)
  const frozen = /^frozen:\s*(\d)/m.exec(lines)?.[1]
  const owner = /^owner_prog_type:\s*(\d+)/m.exec(lines)?.[1]
  const ownerType = owner === undefined ? undefined : programTypeOf(Number(owner))
  return { ...info, ...(frozen !== undefined && { frozen: frozen === '1' }), ...(ownerType && { ownerType }) }
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
