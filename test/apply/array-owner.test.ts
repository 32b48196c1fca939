import { afterAll, describe, expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryKernel } from '../../src/kernel/memory/memory-kernel.ts'
import { programAddress } from '../../src/model/address.ts'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { applyStack, destroyStack, type Place, planFor } from './runs.ts'
import { map, program, returning, shape, stackOf, tailCalling } from './stack.ts'

const BPF_F_XDP_HAS_FRAGS = 1 << 5

/** An array of one member (or none) and one caller, replaced in place, whose programs are loaded so. */
function stack(load: Partial<LoadAttributes>, members: readonly string[] = ['leaf']): DesiredState {
  const array = map('jumps', {
    shape: shape({ type: 'prog_array', valueSize: 4, maxEntries: 4 }),
    contents: { kind: 'slots', slots: new Map(members.map((name, index) => [index, programAddress(name)])) },
    onSlotChange: 'in-place',
  })
  const attributes: LoadAttributes = { type: 'xdp', attachType: 'xdp', flags: 0, license: 'GPL', ...load }
  const more = [
    array,
    program('leaf', { load: attributes, code: returning(2, []) }),
    program('caller', { load: attributes, code: tailCalling('jumps', 2) }),
  ]
  return stackOf({ without: ['link.eth0'], more })
}

function behaves(host: Place & { readonly kernel: Kernel }): void {
  const { kernel } = host
  test.each([
    ['multi-buffer', { flags: BPF_F_XDP_HAS_FRAGS }, ['leaf']],
    ['of another type', { type: 'sched_cls', attachType: 'tcx_ingress' }, ['leaf']],
    ['of another type, the array empty', { type: 'sched_cls', attachType: 'tcx_ingress' }, []],
  ] as const)(
    'an array whose programs become %s is another one, since its owner is fixed',
    async (_, load, members) => {
      await applyStack(kernel, stack({}, members), host)
      const wanted = stack(load, members)
      const change = planFor(kernel, wanted, host).changes.find(({ address }) => address === 'map.jumps')
      expect(change).toMatchObject({
        action: 'replace',
        because: expect.arrayContaining([expect.objectContaining({ attribute: 'owner' })]),
      })
      const { outcome } = await applyStack(kernel, wanted, host)
      expect(outcome).toMatchObject({ result: 'done', left: [] })
      expect(hasChanges(planFor(kernel, wanted, host))).toBe(false)
      await destroyStack(kernel, wanted, host)
    },
  )
}

describe('in memory', () => {
  behaves({ kernel: openMemoryKernel() })
})

describe.skipIf(!canTestLinux)('on Linux', () => {
  const host = openTestHost()
  const kernel = openLinuxKernel()
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
  })
  behaves({
    kernel,
    get bpffs() {
      return host.bpffs
    },
  })
})
