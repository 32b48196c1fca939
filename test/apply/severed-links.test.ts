import { rmSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { applyStack, bpffs, currentOf, destroyStack } from './runs.ts'
import { stackOf } from './stack.ts'

// A severed link runs nothing; the kernel keeps its program until the last name of the link goes. What a plan predicts of the
// pins and slots that are left is compared with the kernel's after each apply (test/support/predicted).

const live = 'edge/live'
const who = /^cannot remove map.calls .*: still used by program #\d+, kept by link #\d+ \(xdp, severed\)$/

describe('in memory', () => {
  const machine = openMemoryMachine(undefined, { interfaces: ['lo', 'eth0'] })
  const kernel = machine.open()
  afterAll(() => kernel.close())
  const stack = () => stackOf({ interface: 'eth0', ifindex: kernel.interfaceIndex('eth0') ?? 0 })

  test('destroy of a stack whose link is severed leaves nothing, and its plan says so', async () => {
    await applyStack(kernel, stack())
    const attached = rowsAfterLinks()
    machine.removeInterface('eth0')
    expect(rowsAfterLinks()).toEqual(attached)
    expect((await destroyStack(kernel, stack())).outcome).toMatchObject({ result: 'done', left: [] })
    expect(machine.inspect.pins().size).toBe(0)
  })

  test('a severed link with a name of somebody else keeps its program and the array: destroy says who', async () => {
    machine.addInterface('eth0')
    await applyStack(kernel, stack())
    {
      using link = kernel.openPin(`${bpffs}/${live}/links/eth0`)
      kernel.pin(link, `${bpffs}/theirs`)
    }
    machine.removeInterface('eth0')
    const { outcome } = await destroyStack(kernel, stack())
    expect(outcome.result).toBe('done-kept')
    expect(outcome.left).toEqual([expect.stringMatching(who)])
    kernel.bpffs.unpin(`${bpffs}/theirs`)
    expect((await destroyStack(kernel, stack())).outcome).toMatchObject({ result: 'done', left: [] })
  })

  /** What the plan's ledger says of who holds the array, once the links are gone. */
  function rowsAfterLinks(): unknown {
    const { steps, ledger } = makeDestroyPlan(currentOf(kernel, stack()))
    const last = steps.findLastIndex((step) => step.kind === 'unpin' && step.path.includes('/links/'))
    return ledger.rows.filter(({ step }) => step >= last)
  }
})

describe.skipIf(!canTestLinux)('on Linux', () => {
  const host = openTestHost()
  const kernel = openLinuxKernel()
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
  })

  const stack = () => stackOf({ interface: host.veth.name, ifindex: host.veth.ifindex })
  const pinned = () => `${host.bpffs}/${live}/links/eth0`

  test('destroy of a stack whose link was detached and whose callee was unpinned leaves nothing', async () => {
    await applyStack(kernel, stack(), host)
    run('bpftool', 'link', 'detach', 'pinned', pinned())
    rmSync(`${host.bpffs}/${live}/programs/v4`)
    expect((await destroyStack(kernel, stack(), host)).outcome).toMatchObject({ result: 'done', left: [] })
  })

  test('a detached link with a name of somebody else keeps its program and the array', async () => {
    await applyStack(kernel, stack(), host)
    run('bpftool', 'link', 'pin', 'pinned', pinned(), `${host.bpffs}/theirs`)
    run('bpftool', 'link', 'detach', 'pinned', pinned())
    const { outcome } = await destroyStack(kernel, stack(), host)
    expect(outcome).toMatchObject({ result: 'done-kept', left: [expect.stringMatching(who)] })
    rmSync(`${host.bpffs}/theirs`)
    expect((await destroyStack(kernel, stack(), host)).outcome).toMatchObject({ result: 'done', left: [] })
  })
})
