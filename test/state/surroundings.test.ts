import { afterAll, describe, expect, test } from 'vitest'
import type { BpffsMount } from '../../src/kernel/files.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { writeRecord } from '../../src/kernel/record-map.ts'
import type { MapId } from '../../src/model/ids.ts'
import type { CurrentState, DesiredState, Resource } from '../../src/model/state.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { readCurrent } from '../../src/state/read-current.ts'
import { readSurroundings } from '../../src/state/surroundings.ts'
import { array, desired, program } from '../support/builders.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { writeStack } from './write-stack.ts'

const bpffs = '/sys/fs/bpf'
const nothing = desired()

/** The kernel as it would be with its bpffs mounted like that. */
function mounted(kernel: Kernel, mount: BpffsMount): Kernel {
  const mounts = () => ({ of: () => ({ mountPoint: mount.mountPoint }), list: () => [mount] })
  return { ...kernel, bpffs: { ...kernel.bpffs, mounts } }
}

describe('a bpffs', () => {
  const kernel = openMemoryMachine().open()
  const current = readCurrent(kernel, { bpffs, stack: 'edge' })
  const rootOf = (mount: BpffsMount) => readSurroundings(mounted(kernel, mount), current, nothing).root

  test('lasts where process 1 has it mounted, and not below places that are cleaned up', () => {
    expect(rootOf({ mountPoint: bpffs })).toBeUndefined()
    expect(rootOf({ mountPoint: '/run/user/1000/bpf' })).toEqual({ mountPoint: '/run/user/1000/bpf', why: 'place' })
    expect(rootOf({ mountPoint: '/runtime' })).toBeUndefined()
  })

  test('ends with its mount namespace or container', () => {
    expect(rootOf({ mountPoint: bpffs, isFleeting: true })).toMatchObject({ why: 'namespace' })
    expect(rootOf({ mountPoint: bpffs, isContained: true })).toMatchObject({ why: 'container' })
  })
})

describe.skipIf(!canTestLinux)('on Linux', () => {
  const host = canTestLinux ? openTestHost() : undefined
  afterAll(() => host?.[Symbol.dispose]())

  test('a bpffs below /tmp is told', async () => {
    const kernel = openLinuxKernel()
    const root = host?.bpffs ?? ''
    await writeStack(kernel, root, desired(array('calls', {})))
    const current = readCurrent(kernel, { bpffs: root, stack: 'edge' })
    expect(readSurroundings(kernel, current, nothing).root).toMatchObject({ why: 'place' })
    kernel.close()
  })
})

describe('the slots of other stacks', () => {
  const stackOf = (stack: string, ...resources: readonly Resource[]): DesiredState => ({
    ...desired(...resources),
    stack,
  })
  const shared = (name: string, slots: Record<number, string>, id: number, path: string) =>
    array(name, slots, { owner: 'foreign', foreignPath: path, live: { id: id as MapId, pins: [] } })

  /** An owner with slot 0, and a guest with slot 1 of its array. */
  async function neighbours() {
    const kernel = openMemoryMachine().open()
    const owner = stackOf('owner', array('calls', { 0: 'member' }), program('member'))
    const { ids } = await writeStack(kernel, bpffs, owner)
    const id = ids.get('map.calls') ?? 0
    const path = `${bpffs}/owner/live/maps/calls`
    const guest = stackOf('guest', shared('jumps', { 1: 'mine' }, id, path), program('mine'))
    await writeStack(kernel, bpffs, stackOf('guest', program('mine')), { record: 'none' })
    kernel.bpffs.link(path, `${bpffs}/guest/live/maps/jumps`)
    writeRecord(kernel, makeRecord(guest, 1), `${bpffs}/guest/live/record`)
    const read = (stack: string): CurrentState => readCurrent(kernel, { bpffs, stack })
    return { kernel, id, path, owner, guest, read }
  }

  test('are told to each who has some in the same array, with whose it is', async () => {
    const { kernel, id, path, guest, read } = await neighbours()
    const third = { ...stackOf('third', shared('theirs', { 2: 'x' }, id, path)) }
    expect(readSurroundings(kernel, read('third'), third).claims).toEqual([
      { stack: 'guest', map: id, slots: [1], isOwner: false },
      { stack: 'owner', map: id, slots: [0], isOwner: true },
    ])
    expect(readSurroundings(kernel, read('guest'), guest).claims).toEqual([
      { stack: 'owner', map: id, slots: [0], isOwner: true },
    ])
  })

  test('are told to the owner once a program of the guest is there', async () => {
    const { kernel, id, path, owner, read } = await neighbours()
    expect(readSurroundings(kernel, read('owner'), owner)).not.toHaveProperty('claims')
    using calls = kernel.openPin(path)
    using mine = kernel.openPin(`${bpffs}/guest/live/programs/mine`)
    kernel.update(calls as never, new Uint8Array([1, 0, 0, 0]), mine as never)
    expect(readSurroundings(kernel, read('owner'), owner).claims).toEqual([
      { stack: 'guest', map: id, slots: [1], isOwner: false },
    ])
  })

  test('are not asked for where no array is shared', async () => {
    const { kernel, read } = await neighbours()
    let asked = 0
    const list: Kernel['bpffs']['list'] = (path) => {
      asked++
      return kernel.bpffs.list(path)
    }
    const counting = { ...kernel, bpffs: { ...kernel.bpffs, list } }
    readSurroundings(counting, read('owner'), stackOf('owner', array('calls', {})))
    expect(asked).toBe(0)
  })
})
