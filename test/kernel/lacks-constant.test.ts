import { describe, expect, test } from 'vitest'
import { lacksConstant } from '../../src/kernel/lacks-constant.ts'
import { linuxMachine } from '../../src/kernel/machine.ts'
import { kernelConstants } from '../../src/model/kernel-constants.ts'
import { BtfBuilder } from '../support/btf-builder.ts'
import { hasKernelBtf, readKernelEnum } from '../support/kernel-enums.ts'

const linux6_1 = 0x06_01_00

/** Types of a kernel with one hook. */
function typesWith(hook: string): Uint8Array {
  const types = new BtfBuilder()
  types.enumeration('bpf_attach_type', { BPF_CGROUP_INET_INGRESS: 0, [hook]: 46 })
  return types.bytes()
}

describe('what a kernel has not', () => {
  const lacks = (bytes: Uint8Array | undefined, version = linux6_1): boolean =>
    lacksConstant({ version, vmlinuxBtf: () => bytes }, 'BPF_TCX_INGRESS')

  test('is what its enum has not, or would have in an enum that it has not', () => {
    expect(lacks(typesWith('BPF_LSM_CGROUP'))).toBe(true)
    const other = { version: linux6_1, vmlinuxBtf: () => typesWith('BPF_TCX_INGRESS') }
    expect(lacksConstant(other, 'BPF_TASK_ITER_TID')).toBe(false)
    expect(lacksConstant({ ...other, version: 0x05_0a_00 }, 'BPF_TASK_ITER_TID')).toBe(true)
  })

  test('is not what a distribution took over from a later one', () => {
    expect(lacks(typesWith('BPF_TCX_INGRESS'))).toBe(false)
  })

  test('is nobody’s to tell without types, or by types of something else', () => {
    expect(lacks(undefined)).toBe(false)
    expect(lacks(new BtfBuilder().bytes())).toBe(false)
  })

  test('is not looked for where the version tells, so that a plan need not read types', () => {
    const read = (): never => expect.unreachable()
    expect(lacksConstant({ version: 0x06_06_00, vmlinuxBtf: read }, 'BPF_TCX_INGRESS')).toBe(false)
    expect(lacksConstant({ version: linux6_1, vmlinuxBtf: read }, 'BPF_CGROUP_DEVICE')).toBe(false)
  })

  test.skipIf(!hasKernelBtf)(
    'is what this one says, whatever its version; and names and versions are the kernel’s',
    () => {
      const machine = linuxMachine()
      const types = machine.vmlinuxBtf()
      const enums = new Set([...kernelConstants.values()].map((constant) => constant.enum))
      const names = new Set([...enums].flatMap((type) => [...readKernelEnum(type).keys()]))
      for (const name of kernelConstants.keys()) {
        expect([name, machine.lacks(name)]).toEqual([name, !names.has(name)])
        expect([name, lacksConstant({ version: 0, vmlinuxBtf: () => types }, name)]).toEqual([name, !names.has(name)])
      }
    },
  )
})
