import { describe, expect, test } from 'vitest'
import { Btf } from '../../src/apply/btf.ts'
import { execute } from '../../src/apply/execute.ts'
import type { Execution } from '../../src/apply/execution.ts'
import { Handles } from '../../src/apply/handles.ts'
import type { ProgramLoads } from '../../src/apply/program-loads.ts'
import type { Kernel, LinkCreate } from '../../src/kernel/kernel.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { PlanError } from '../../src/model/errors.ts'
import type { Operation } from '../../src/plan/step.ts'
import { ownView } from '../crash/worlds.ts'
import { applyStack, planFor } from './runs.ts'
import { shape, stackOf } from './stack.ts'

/** A published stack, and single operations on it; `change` alters what the kernel answers. */
async function published(change: (kernel: Kernel) => Partial<Kernel> = () => ({})) {
  const machine = openMemoryMachine()
  const own = machine.open()
  const desired = stackOf({ onSlotChange: 'in-place' })
  await applyStack(own, desired)
  const plan = planFor(own, stackOf({ onSlotChange: 'in-place', verdicts: { v4: 1, ingress: 1 } }))
  const kernel: Kernel = { ...own, ...change(own) }
  const handles = new Handles(kernel, plan.existing)
  const btf = new Btf(kernel, undefined, () => undefined)
  const rest = {
    loads: undefined as unknown as ProgramLoads,
    patience: 0,
    diagnostics: [],
    lingering: new Set<number>(),
    migrated: new Map(),
  }
  const execution: Execution = { kernel, plan, desired, handles, btf, ...rest }
  const ids = (name: string): never => plan.existing[name as never] as never
  /** The code that it throws, or `done`. */
  const codeOf = async (operation: Operation): Promise<string> => {
    try {
      await execute(execution, operation)
      return 'done'
    } catch (error) {
      return error instanceof PlanError ? error.code : String(error)
    } finally {
      handles[Symbol.dispose]()
    }
  }
  return { machine, kernel, own, handles, execution, ids, codeOf }
}

test('a link that runs the wanted program already is done, whatever was expected', async () => {
  const { machine, codeOf } = await published()
  const before = ownView(machine)
  const update = { kind: 'update-link', target: 'live:link.eth0', program: 'live:program.ingress' } as const
  expect(await codeOf({ ...update, expected: 'live:program.v4' })).toBe('done')
  expect(ownView(machine)).toEqual(before)
})

test('slots read back must be the declared ones, no other and no more', async () => {
  const { codeOf } = await published()
  const check = (slots: Record<string, 'live:program.v4' | 'live:program.v6'>) =>
    codeOf({ kind: 'check-slots', array: 'live:map.calls', slots })
  expect(await check({ 0: 'live:program.v4', 1: 'live:program.v6' })).toBe('done')
  expect(await check({ 0: 'live:program.v6', 1: 'live:program.v6' })).toBe('P304')
  expect(await check({ 0: 'live:program.v4' })).toBe('P304')
  expect(await check({ 0: 'live:program.v4', 1: 'live:program.v6', 2: 'live:program.v6' })).toBe('P304')
})

test('an entry that somebody adds between the look and the write is not overwritten', async () => {
  const { codeOf } = await published(() => ({ lookup: () => undefined }))
  const entry = { kind: 'set-entry', target: 'live:map.allow', key: '01000000', after: '0900000000000000' } as const
  expect(await codeOf(entry)).toBe('P303')
})

test('a link that is made again walks the map that it walked', async () => {
  const requests: LinkCreate[] = []
  const { execution, handles, own } = await published((kernel) => ({
    createLink: (request: LinkCreate) => {
      requests.push(request)
      return kernel.openById('link', kernel.ids('link')[0] ?? 0)
    },
  }))
  handles.put('next:map.flows', own.createMap({ name: 'flows', shape: shape() }))
  const attach = { kind: 'iter', target: 'bpf_map_elem', map: 'map.flows' } as const
  for (const target of ['live:link.walk', 'next:link.walk'] as const) {
    await execute(execution, { kind: 'create-link', target, program: 'live:program.ingress', attach })
  }
  expect(requests.map(({ map }) => map)).toEqual([handles.map('live:map.flows'), handles.map('next:map.flows')])
  handles[Symbol.dispose]()
})

describe('the wait for the users of an array', () => {
  const waiting = (users: { programs?: never[]; members?: never[] }): Operation => ({
    kind: 'await-unused',
    path: 'gen-1/maps/calls',
    target: 'live:map.calls',
    programs: users.programs ?? [],
    members: users.members ?? [],
  })
  const dead = 9999 as never

  test('ends in vain while a user is alive, even if no link runs it', async () => {
    const { ids, codeOf, execution } = await published()
    const wait = waiting({ programs: [ids('live:program.v4')] })
    expect(await codeOf(wait)).toBe('P307')
    expect(await execute(execution, wait).catch(String)).toContain('perhaps by a pin, or by a process')
    expect(await codeOf(waiting({ programs: [dead] }))).toBe('done')
  })

  test('ends in vain while an interface runs a member without a link', async () => {
    const { machine, ids, codeOf } = await published()
    const target = { kind: 'xdp', interface: 'eth9', ifindex: machine.addInterface('eth9') } as const
    const wait = waiting({ members: [ids('live:program.v4')] })
    machine.attachWithoutLink(target, ids('live:program.v4'))
    expect(await codeOf(wait)).toBe('P307')
    machine.detachWithoutLink(target, ids('live:program.v4'))
    expect(await codeOf(wait)).toBe('done')
  })

  test('ends in vain while a link runs a member; a member that is only held by slots is no user', async () => {
    const { machine, ids, codeOf } = await published()
    expect(await codeOf(waiting({ members: [ids('live:program.ingress')] }))).toBe('P307')
    expect(await codeOf(waiting({ members: [ids('live:program.v4')] }))).toBe('done')
    machine.removeInterface('lo')
    expect(await codeOf(waiting({ members: [ids('live:program.ingress')] }))).toBe('done')
  })

  test('names a link that extends or traces a user, which is what keeps it alive', async () => {
    const { ids, execution } = await published((kernel) => ({
      describe: (fd) => {
        const info = kernel.describe(fd)
        return info.kind === 'link' ? { ...info, type: 'tracing', tracedId: ids('live:program.v4') } : info
      },
    }))
    const message = await execute(execution, waiting({ programs: [ids('live:program.v4')] })).catch(String)
    expect(message).toMatch(/still used by program #\d+, kept by link #1 \(tracing, which extends or traces it\)/)
    execution.handles[Symbol.dispose]()
  })

  test('ends with a grace period: the last packet may still be inside a program whose id is gone', async () => {
    let waits = 0
    const { codeOf } = await published(() => ({ waitForReaders: async () => void waits++ }))
    await codeOf(waiting({ programs: [dead] }))
    expect(waits).toBe(1)
    await codeOf(waiting({ members: [dead] }))
    expect(waits).toBe(2)
    await codeOf(waiting({}))
    expect(waits).toBe(2)
  })
})

test('a foreign map that cannot be described is closed again', async () => {
  const describe = (): never => {
    throw new Error('no memory')
  }
  const { own, codeOf } = await published(() => ({ describe }))
  const path = '/sys/fs/bpf/edge/live/maps/flows'
  expect(await codeOf({ kind: 'open-map', target: 'next:map.flows', path })).toContain('no memory')
  expect(own.openDescriptors()).toBe(0)
})

test('a link that goes at the last moment of the wait is detached', async () => {
  let asked = 0
  const { own, codeOf } = await published((kernel) => ({
    // Alive at the first look and after the wait, gone when it is to be put back.
    openById: (kind, id) => kernel.openById(kind, kind === 'link' && ++asked > 3 ? 999 : id),
  }))
  using _other = own.openPin('/sys/fs/bpf/edge/live/links/eth0')
  const paths = ['live/links/eth0']
  const detach = { kind: 'detach-link', target: 'live:link.eth0', paths, program: 'live:program.ingress' } as const
  expect(await codeOf(detach)).toBe('done')
})
