import { existsSync, readFileSync } from 'node:fs'
import { indexBtf } from '../../src/btf/index-btf.ts'
import { KernelTypes } from '../../src/object/kernel-btf/kernel-types.ts'

const path = '/sys/kernel/btf/vmlinux'

/** True where the running kernel describes itself: a probe for `test.skipIf`. */
export const hasKernelBtf: boolean = existsSync(path)

/** Names and values of an enum of the running kernel, in its order. */
export function readKernelEnum(name: string): ReadonlyMap<string, number> {
  const types = new KernelTypes(indexBtf(readFileSync(path), { name: 'vmlinux' }))
  const type = types.get(types.find('enum', name)[0] ?? 0)
  return new Map(type.kind === 'enum' ? type.values.map((value) => [value.name, Number(value.value)]) : [])
}
