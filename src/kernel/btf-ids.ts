import { readFileSync } from 'node:fs'
import { kernelError, withErrno } from './errno.ts'
import { littleEndian, viewOf } from './layout.ts'

/**
 * Id of a function (or, for a `btf_trace_` name, of a typedef) in the running kernel's BTF, as `attach_btf_id` wants it.
 * Throws a KernelError: ENOENT where the kernel has no BTF, K105 where the name is not in it.
 */
export function kernelBtfId(name: string, path = '/sys/kernel/btf/vmlinux'): number {
  const known = found.get(name)
  if (known !== undefined) return known
  const doing = `find ${name} in the kernel's BTF`
  const id = findBtfId(
    withErrno(doing, path, () => readFileSync(path)),
    name,
  )
  if (id === undefined) {
    const what = 'this kernel has no such function'
    throw kernelError({ command: 'open', errno: 'ENOENT', doing, target: name, what, code: 'K105' })
  }
  found.set(name, id)
  return id
}

/** The ids that were asked for: the file has megabytes and does not change while the kernel runs. */
const found = new Map<string, number>()

/** The same in given bytes; undefined when it is not in there. */
export function findBtfId(bytes: Buffer, name: string): number | undefined {
  const wantedKind = name.startsWith('btf_trace_') ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC
  const wantedNames = nameOffsets(bytes, name)
  let id: number | undefined
  scanTypes(bytes, (type) => {
    if (type.kind === wantedKind && wantedNames.has(type.nameOffset)) id ??= type.id
  })
  return id
}

export interface ScannedType {
  readonly id: number
  readonly kind: number
  readonly nameOffset: number
  /** Number of members, values or parameters. */
  readonly length: number
  /** Where the members begin in the file. */
  readonly at: number
}

/** Visits every type without decoding it. Byte order is this machine's. */
export function scanTypes(bytes: Buffer, visit: (type: ScannedType) => void): void {
  const view = viewOf(bytes)
  const { types, strings } = sectionsOf(bytes)
  let at = types
  for (let id = 1; at < strings; id++) {
    const info = view.getUint32(at + 4, littleEndian)
    const kind = (info >>> 24) & 0x1f
    const length = info & 0xffff
    visit({ id, kind, nameOffset: view.getUint32(at, littleEndian), length, at: at + 12 })
    const [fixed, each] = tails[kind] ?? [0, 0]
    at += 12 + fixed + each * length
  }
}

/** The text at an offset of the string section. */
export function btfString(bytes: Buffer, offset: number): string {
  const start = sectionsOf(bytes).strings + offset
  return bytes.toString('latin1', start, bytes.indexOf(0, start))
}

/** File offsets of the types and of the strings, which follow them. */
function sectionsOf(bytes: Buffer): { types: number; strings: number } {
  const view = viewOf(bytes)
  const header = view.getUint32(4, littleEndian)
  return { types: header + view.getUint32(8, littleEndian), strings: header + view.getUint32(16, littleEndian) }
}

/** Every offset at which the string section holds exactly this name. */
function nameOffsets(bytes: Buffer, name: string): ReadonlySet<number> {
  const { strings } = sectionsOf(bytes)
  const needle = Buffer.from(`\0${name}\0`)
  const offsets = new Set<number>()
  for (let at = bytes.indexOf(needle, strings); at >= 0; at = bytes.indexOf(needle, at + 1))
    offsets.add(at + 1 - strings)
  return offsets
}

const BTF_KIND_TYPEDEF = 8
const BTF_KIND_FUNC = 12

/** Bytes behind the 12 of each kind: some fixed, some for each member (Documentation/bpf/btf.rst). */
const tails: Readonly<Record<number, readonly [number, number]>> = {
  1: [4, 0],
  3: [12, 0],
  4: [0, 12],
  5: [0, 12],
  6: [0, 8],
  13: [0, 8],
  14: [4, 0],
  15: [0, 12],
  17: [4, 0],
  19: [0, 12],
}
