import { loadAddon } from './addon.ts'
import { objectLayout } from './attr-object.ts'
import { kernelError } from './errno.ts'
import { kindOfFd, readAnyInfo } from './info.ts'
import type { ObjectInfo, ObjectKind } from './kernel.ts'
import { commands } from './syscall.ts'

/** BPF_OBJ_GET: a pin's descriptor, which the caller owns, and its kind. */
export function openPin(path: string): { readonly kind: ObjectKind; readonly number: number } {
  const number = getPin(path)
  const kind = kindOfFd(number)
  if (kind !== undefined) return { kind, number }
  loadAddon().close(number)
  throw pinError(path, 'EINVAL')
}

/** What is pinned at a path, in one go. */
export function describePin(path: string): ObjectInfo {
  const fd = getPin(path)
  try {
    return readAnyInfo(fd, `describe ${path}`)
  } finally {
    loadAddon().close(fd)
  }
}

// Reused from call to call: `show` opens tens of thousands of pins.
const pathname = Buffer.alloc(4096)
const attr = Buffer.alloc(objectLayout.size)
let pointed = false

function getPin(path: string): number {
  const addon = loadAddon()
  const length = pathname.write(path)
  if (length > pathname.length - 4 || path.includes('\0')) throw pinError(path, 'ENAMETOOLONG')
  pathname[length] = 0
  if (!pointed) pointed = addon.point(attr, [objectLayout.at.pathname, pathname]) === 0
  const result = addon.bpf(commands.BPF_OBJ_GET, attr)
  if (result < 0) throw pinError(path, -result)
  return result
}

const pinError = (path: string, errno: number | string): Error =>
  kernelError({ command: 'BPF_OBJ_GET', errno, doing: `open ${path}`, target: path })
