import type { BtfIndex } from '../btf/btf-index.ts'
import { indexBtf } from '../btf/index-btf.ts'
import type { ProgramId } from '../model/ids.ts'
import type { Machine } from '../model/machine.ts'
import { btfMembers, btfTarget, isFunctionPointer } from './btf-members.ts'
import { readInfoAlone } from './info.ts'
import type { Fd, MapInfo } from './kernel.ts'
import { littleEndian, numberAt, viewOf } from './layout.ts'
import type { MapElements } from './map-elements.ts'

/** What is written into a struct_ops map. */
export interface MembersWrite {
  readonly map: Fd<'map'>
  readonly value: Uint8Array
  readonly programs: ReadonlyMap<number, Fd<'program'>>
}

const onlyKey = new Uint8Array(4)

/** BPF_MAP_UPDATE_ELEM of a struct_ops map: the kernel wants descriptors where the functions are. */
export function writeMembers(elements: MapElements, { map, value, programs }: MembersWrite): void {
  const bytes = Uint8Array.from(value)
  const view = viewOf(bytes)
  for (const [at, program] of programs) view.setBigUint64(at, BigInt(program.number), littleEndian)
  elements.update(map, onlyKey, bytes)
}

/** The kernel shows ids where it was given descriptors; its BTF tells where that is. */
export function membersOf(map: Fd<'map'>, elements: MapElements, machine: Machine): Map<number, ProgramId> {
  const value = elements.lookup(map, onlyKey)
  const programs = new Map<number, ProgramId>()
  if (!value) return programs
  const view = viewOf(value)
  for (const at of functionOffsets(readInfoAlone(map), machine)) {
    const id = at + 8 <= value.length ? numberAt(view, at) : 0
    if (id !== 0) programs.set(at, id as ProgramId)
  }
  return programs
}

/** Where functions are in a value: the struct in it is the only member that is neither the header nor a number. */
function functionOffsets(info: ReturnType<typeof readInfoAlone>, machine: Machine): readonly number[] {
  if (info.kind !== 'map' || !info.kernelValueTypeId) return []
  const found = findValue(info, machine)
  if (!found) return []
  const { index, id } = found
  return btfMembers(index, id).flatMap(({ type, offset }) =>
    btfMembers(index, type)
      .filter((member) => isFunctionPointer(index, btfTarget(index, member.type)))
      .map((member) => offset + member.offset),
  )
}

/** A module's types go on where those of vmlinux end, so one number may be several modules' value. */
function findValue(
  { kernelValueTypeId: id = 0 }: MapInfo,
  machine: Machine,
): { readonly index: BtfIndex; readonly id: number } | undefined {
  const bytes = machine.vmlinuxBtf()
  if (!bytes) return undefined
  const vmlinux = indexBtf(bytes, { name: 'vmlinux' })
  if (id < vmlinux.count) return { index: vmlinux, id }
  for (const name of machine.moduleNames()) {
    const split = machine.moduleBtf(name)
    const index = split && indexBtf(split, { name, base: vmlinux })
    if (index?.nameOf(id)?.startsWith('bpf_struct_ops_')) return { index, id }
  }
  return undefined
}
