import { describe, expect, test } from 'vitest'
import { apply } from '../../src/apply/apply.ts'
import type { ApplyEvent } from '../../src/apply/event.ts'
import { lockStack } from '../../src/apply/lock.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { MemoryProcess } from '../../src/kernel/memory/process-kernel.ts'
import { KernelError } from '../../src/model/errors.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { planRecovery } from '../../src/plan/recover.ts'
import type { Step } from '../../src/plan/step.ts'
import { scenarios } from '../crash/scenarios.ts'
import { act, beginning, expectFinished, ownView } from '../crash/worlds.ts'
import { applyStack, bpffs, currentOf, destroyStack, planFor, run } from './runs.ts'
import { link, map, program, returning, shape, stackOf } from './stack.ts'

const changed = stackOf({ verdicts: { v4: 1 } })

async function applied(desired = stackOf()) {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  await applyStack(kernel, desired)
  return { machine, kernel }
}

const broken = (errno: string): KernelError =>
  new KernelError('cannot do it: broken', { code: 'K999', command: 'test', errno })

test('a rejected program changes nothing, and the problem has the address, the code and the log', async () => {
  const { machine, kernel } = await applied()
  machine.rejectProgram('v4', 'R1 invalid mem access')
  const old = ownView(machine)
  const { outcome, events } = await applyStack(kernel, changed)
  expect(outcome).toMatchObject({ result: 'nothing-changed', generation: 1, left: [] })
  expect(outcome.problem?.message).toMatch(/^cannot load program\.v4: /)
  expect(String(outcome.problem?.log)).toContain('R1 invalid mem access')
  expect(events.find((event) => event.type === 'step-failed')).toMatchObject({ step: { kind: 'load-program' } })
  expect(ownView(machine)).toEqual(old)
  expect(kernel.openDescriptors()).toBe(0)
})

test('programs that are rejected beside the first one are all told', async () => {
  const machine = openMemoryMachine()
  machine.rejectProgram('v4', 'R1 invalid mem access')
  machine.rejectProgram('v6', 'R2 invalid mem access')
  const kernel = machine.open()
  using _lock = lockStack(kernel, `${bpffs}/edge`, { create: true })
  const { outcome } = await run(kernel, planFor(kernel, stackOf()), stackOf(), { parallelLoads: 4 })
  expect(outcome.problem?.message).toMatch(/^cannot load program\.v4: /)
  expect(outcome.alsoFailed?.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^cannot load program\.v6: /),
  ])
})

test('what was made is undone in the reverse order', async () => {
  const { machine, kernel } = await applied()
  machine.beforeCall((operation) => {
    if (operation === 'exchange') throw broken('EIO')
  })
  const { outcome, events } = await applyStack(kernel, changed)
  expect(outcome.result).toBe('rolled-back')
  const undone = events.flatMap((event) => (event.type === 'undone' ? [event.operation] : []))
  expect(undone.slice(0, 2)).toMatchObject([
    { kind: 'update-link', program: 'live:program.ingress' },
    { kind: 'drain' },
  ])
  const kinds = undone.map((operation) => ('path' in operation ? operation.path : operation.kind))
  expect(kinds.indexOf('next/programs/ingress')).toBeLessThan(kinds.indexOf('next/maps/calls'))
  expect(kinds.at(-1)).toBe('next')
  const exchange = planned(events).findIndex((step) => step.kind === 'exchange')
  expect(outcome.account).toEqual({ done: [], undone: range(0, exchange), failed: [exchange], left: [] })
  expect(outcome.finish).toBe('apply')
})

/** The steps that were begun. */
const planned = (events: readonly ApplyEvent[]): readonly Step[] =>
  events.flatMap((event) => (event.type === 'step-started' ? [event.step] : []))

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index)

test('a link that cannot be switched back keeps the new tree, whose programs run; the next apply recovers', async () => {
  const { machine, kernel } = await applied()
  let switches = 0
  machine.beforeCall((operation) => {
    if (operation === 'exchange') throw broken('EIO')
    if (operation === 'updateLink' && ++switches === 2) throw broken('EIO')
  })
  const { outcome, events } = await applyStack(kernel, changed)
  machine.beforeCall(undefined)
  expect(outcome).toMatchObject({ result: 'incomplete', generation: 1 })
  expect(outcome.left[0]).toMatch(/^cannot switch link\.eth0 to program\.ingress: /)
  expect(events.filter((event) => event.type === 'undo-failed').length).toBe(1)
  const switched = planned(events).findIndex((step) => step.kind === 'update-link')
  expect(outcome.account).toMatchObject({ done: range(0, switched), failed: [switched + 1], left: [switched] })
  expect(outcome.finish).toBe('recover')
  const [array] = machine.inspect.reachableArrays()
  expect(array).toMatchObject({ holders: [`${bpffs}/edge/next/maps/calls`] })
  expect(array?.slots.size).toBe(2)
  expect((await applyStack(kernel, changed)).outcome.left).toEqual([])
  expectFinished(machine, { name: 'recovered', to: changed }, 'in the end')
})

test('trees that cannot be exchanged back are left as they are: no path is undone in the wrong tree', async () => {
  const { machine, kernel } = await applied()
  const plan = planFor(kernel, changed)
  const steps = plan.steps.map((step) => (step.kind === 'rename' ? ({ ...step, phase: 'publish' } as const) : step))
  let exchanges = 0
  machine.beforeCall((operation) => {
    if (operation === 'rename' || (operation === 'exchange' && ++exchanges === 2)) throw broken('EIO')
  })
  const { outcome } = await run(kernel, { ...plan, steps }, changed)
  machine.beforeCall(undefined)
  expect(outcome.result).toBe('incomplete')
  expect(machine.inspect.reachableArrays()).toMatchObject([{ holders: [`${bpffs}/edge/live/maps/calls`] }])
  await applyStack(kernel, changed)
  expectFinished(machine, { name: 'recovered', to: changed }, 'in the end')
})

test('an array that somebody else uses is kept with all its slots, and goes when they are gone', async () => {
  const { machine, kernel } = await applied()
  const [old] = machine.inspect.ids('map', 'calls')
  const [running] = machine.inspect.running()
  const other = machine.open()
  {
    using program = other.openById('program', running ?? 0)
    other.createLink({
      program,
      target: { kind: 'xdp', interface: 'eth7', ifindex: other.interfaceIndex('eth7') ?? 0 },
    })
  }
  const { outcome, events } = await applyStack(kernel, changed)
  expect(outcome).toMatchObject({ result: 'done-kept', generation: 2 })
  expect(outcome.problem).toBeUndefined()
  expect(outcome.left.join()).toMatch(
    /map\.calls at gen-1\/maps\/calls: still used by program #\d+, kept by link #\d+ \(xdp\)/,
  )
  expect(events.flatMap((event) => (event.type === 'step-left-out' ? [event.step.kind] : []))).toEqual([
    'await-unused',
    'unpin',
    // The record, which says that what is kept is the stack's own.
    'unpin',
    'remove-directory',
    'remove-directory',
  ])
  expect(machine.inspect.slots(old ?? 0).size).toBe(2)
  expect(machine.inspect.holders(old ?? 0)).toEqual([`${bpffs}/edge/gen-1/maps/calls`])
  other.kill()
  await applyStack(kernel, changed)
  expectFinished(machine, { name: 'kept', to: changed }, 'after the other has gone')
})

test('what a destroy had to leave is in no apply’s way, wherever that is killed, and goes when its users are gone', async () => {
  const { machine, kernel } = await applied()
  const [old] = machine.inspect.ids('map', 'calls')
  const [running] = machine.inspect.running()
  {
    using program = kernel.openById('program', running ?? 0)
    const target = { kind: 'xdp', interface: 'eth7', ifindex: kernel.interfaceIndex('eth7') ?? 0 } as const
    using link = kernel.createLink({ program, target })
    kernel.pin(link, `${bpffs}/theirs`)
  }
  expect((await destroyStack(kernel, changed)).outcome).toMatchObject({ result: 'done-kept' })
  const left = machine.snapshot()
  // A destroy tries it again, which nobody but its users can let succeed: no apply begins with that.
  const recovery = (options = {}) => planRecovery(currentOf(openMemoryMachine(left).open(), changed), options)
  expect([recovery()?.action, recovery({ leavesUsed: true })]).toEqual(['recover', undefined])
  for (let fatal = 1, isKilled = true; isKilled; fatal++) {
    const again = openMemoryMachine(left)
    const first = again.open()
    let call = 0
    again.beforeCall(() => void (++call === fatal && first.kill()))
    isKilled = await applyStack(first, changed).then(
      () => false,
      () => true,
    )
    again.beforeCall(undefined)
    const { outcome } = await applyStack(again.open(), changed)
    expect([outcome.problem, outcome.generation], `killed at ${fatal}`).toEqual([undefined, 2])
    expect(again.inspect.slots(old ?? 0).size, `killed at ${fatal}`).toBe(2)
    expect(hasChanges(planFor(again.open(), changed)), `killed at ${fatal}`).toBe(false)
    again.open().bpffs.unpin(`${bpffs}/theirs`)
    await applyStack(again.open(), changed)
    expectFinished(again, { name: 'kept', to: changed }, `killed at ${fatal}, after the other has gone`)
  }
})

test('a failed wait for readers keeps everything that old programs may still use', async () => {
  const { machine, kernel } = await applied()
  const failing = {
    ...kernel,
    waitForReaders: () => Promise.reject(broken('EPERM')),
  }
  const { outcome } = await run(failing, planFor(kernel, changed), changed)
  expect(outcome).toMatchObject({ result: 'incomplete', generation: 2, problem: { code: 'K999' } })
  expect([...machine.inspect.pins().keys()]).toEqual(
    expect.arrayContaining(
      ['maps/calls', 'maps/flows', 'programs/ingress'].map((path) => `${bpffs}/edge/gen-1/${path}`),
    ),
  )
  await applyStack(kernel, changed)
  expectFinished(machine, { name: 'drained', to: changed }, 'the next time')
})

const traced = (verdict: number) =>
  stackOf({
    more: [
      program('trace', { load: { type: 'raw_tracepoint', flags: 0, license: 'GPL' }, code: returning(verdict, []) }),
      link('trace', {
        program: 'program.trace',
        target: { kind: 'raw_tracepoint', name: 'sys_enter' },
        onReplace: 'gap',
      }),
    ],
  })

test('a link that another process holds open is not taken for detached: its pins come back', async () => {
  const { machine, kernel } = await applied(traced(0))
  const old = ownView(machine)
  const id = machine.inspect.links().find((it) => it.type === 'raw_tracepoint')?.id ?? 0
  const other = machine.open()
  other.openById('link', id)
  const { outcome } = await applyStack(kernel, traced(1))
  expect(outcome).toMatchObject({ result: 'rolled-back', problem: { code: 'P305' }, left: [] })
  expect(ownView(machine)).toEqual(old)
  other.kill()
  expect((await applyStack(kernel, traced(1))).outcome.result).toBe('done')
})

test('a recovery that switches links back holds none of the programs open that it then removes', async () => {
  const second = (version: number) => [
    program('egress', {
      load: { type: 'sched_cls', attachType: 'tcx_egress', flags: 0, license: 'GPL' },
      code: returning(version, ['flows']),
    }),
    link('egress', {
      program: 'program.egress',
      target: { kind: 'tcx', interface: 'lo', ifindex: 1, direction: 'egress' },
    }),
  ]
  const machine = openMemoryMachine()
  await applyStack(machine.open(), stackOf({ more: second(0) }))
  const killed = machine.open()
  let switched = 0
  machine.beforeCall((operation) => void (operation === 'updateLink' && ++switched === 2 && killed.kill()))
  const to = stackOf({ more: second(1), verdicts: { v4: 1 } })
  await applyStack(killed, to).catch(() => undefined)
  machine.beforeCall(undefined)
  const kernel = machine.open()
  const recovery = planRecovery(currentOf(kernel, to))
  expect(recovery?.leftovers).toMatchObject([{ todo: 'switch-back', tree: 'next' }])
  const { outcome } = await run(kernel, recovery as Plan)
  expect(outcome).toMatchObject({ result: 'done', left: [] })
})

describe('an apply that is asked to stop', () => {
  test('before publishing undoes everything', async () => {
    const { machine, kernel } = await applied()
    const old = ownView(machine)
    const stopping = new AbortController()
    machine.beforeCall((operation) => operation === 'updateLink' && stopping.abort())
    const { outcome } = await run(kernel, planFor(kernel, changed), changed, { signal: stopping.signal })
    expect(outcome).toMatchObject({ result: 'rolled-back', problem: { code: 'P306' }, left: [] })
    expect(ownView(machine)).toEqual(old)
  })

  test('while it retires finishes', async () => {
    const { machine, kernel } = await applied()
    const stopping = new AbortController()
    machine.beforeCall((operation) => operation === 'exchange' && stopping.abort())
    const { outcome } = await run(kernel, planFor(kernel, changed), changed, { signal: stopping.signal })
    expect(outcome.result).toBe('done')
    expectFinished(machine, { name: 'stopped', to: changed }, 'late')
  })

  test('by ending the iteration closes every descriptor', async () => {
    const { kernel } = await applied()
    for await (const event of apply(kernel, planFor(kernel, changed), changed)) {
      if (event.type === 'step-finished' && event.step.kind === 'fill-slot') break
    }
    expect(kernel.openDescriptors()).toBe(0)
  })
})

test('owner and mode are set on the whole tree before it is published', async () => {
  const desired = stackOf({ ownership: { uid: 12, gid: 34, mode: 0o750 } })
  const { kernel } = await applied(desired)
  expect(kernel.bpffs.stat(`${bpffs}/edge/live/maps`)).toMatchObject({ uid: 12, gid: 34, mode: 0o750 })
  expect(kernel.bpffs.stat(`${bpffs}/edge/live`)).toMatchObject({ uid: 12, gid: 34, mode: 0o750 })
  expect(kernel.bpffs.stat(`${bpffs}/edge/live/maps/flows`)).toMatchObject({ uid: 12, gid: 34, mode: 0o640 })
  expect(kernel.bpffs.stat(`${bpffs}/edge/live/links/eth0`)).toMatchObject({ uid: 12, gid: 34, mode: 0o640 })
  // The way there must be open too, but nothing else in the stack's directory.
  expect(kernel.bpffs.stat(`${bpffs}/edge`)).toMatchObject({ uid: 12, gid: 34, mode: 0o750 })
})

test('a per-CPU entry is written to every CPU', async () => {
  const hits = map('hits', {
    shape: shape({ type: 'percpu_hash', valueSize: 4 }),
    contents: { kind: 'entries', entries: [{ key: '01000000', value: '07000000' }] },
  })
  const { machine, kernel } = await applied(stackOf({ more: [hits] }))
  using fd = kernel.openById('map', machine.inspect.ids('map', 'hits')[0] ?? 0)
  expect([...(kernel.lookup(fd, new Uint8Array([1, 0, 0, 0])) ?? [])]).toEqual([
    7, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0,
  ])
})

test('initial data is written and frozen', async () => {
  const { machine, kernel } = await applied()
  using fd = kernel.openById('map', machine.inspect.ids('map', 'rodata')[0] ?? 0)
  expect(kernel.lookup(fd, new Uint8Array(4))?.[0]).toBe(42)
  expect(() => kernel.update(fd, new Uint8Array(4), new Uint8Array(8))).toThrow(KernelError)
})

const btfHeader = new Uint8Array([0x9f, 0xeb, 1, 0, 24, ...new Array<number>(19).fill(0)])

const debug = {
  functions: new Uint8Array(8),
  functionSize: 8,
  lines: new Uint8Array(16),
  lineSize: 16,
}

describe('type information', () => {
  const typed = {
    ...stackOf({
      more: [map('typed', { btf: { object: 'main', keyTypeId: 1, valueTypeId: 2 } })],
    }),
    btf: new Map([['main', btfHeader]]),
  }
  const desired = {
    ...typed,
    resources: new Map(
      [...typed.resources].map(([address, it]) => [
        address,
        it.kind === 'program' ? { ...it, object: 'main', debug } : it,
      ]),
    ),
  }

  test('is uploaded once for an object', async () => {
    const machine = openMemoryMachine()
    let uploads = 0
    machine.beforeCall((operation) => void (operation === 'loadBtf' && uploads++))
    const kernel = machine.open()
    expect((await applyStack(kernel, desired)).outcome).toMatchObject({ result: 'done', diagnostics: [] })
    expect(uploads).toBe(1)
    expect(kernel.openDescriptors()).toBe(0)
  })

  test('that the kernel refuses is left out with one warning', async () => {
    const kernel = openMemoryMachine().open()
    const refusing: MemoryProcess = {
      ...kernel,
      loadBtf: () => {
        throw broken('EINVAL')
      },
    }
    const { outcome } = await applyStack(refusing, desired)
    expect(outcome).toMatchObject({ result: 'done', diagnostics: [{ severity: 'warning', code: 'P310' }] })
    expect(outcome.diagnostics.length).toBe(1)
  })

  test('that one map does not take is left out for that map', async () => {
    const kernel = openMemoryMachine().open()
    const refusing: MemoryProcess = {
      ...kernel,
      createMap: (request) => {
        if (request.btf) throw broken('EINVAL')
        return kernel.createMap(request)
      },
    }
    const { outcome } = await applyStack(refusing, desired)
    expect(outcome).toMatchObject({ result: 'done', diagnostics: [{ code: 'P310' }] })
    expect(outcome.diagnostics[0]?.detail).toContain('map.typed')
  })
})

test('a foreign map is held by a pin of our own, never changed, and refused when its path holds another', async () => {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  await applyStack(kernel, stackOf({ stack: 'other', without: ['link.eth0'] }))
  const foreignPath = `${bpffs}/other/live/maps/flows`
  const [id] = machine.inspect.ids('map', 'flows')
  const flows = map('flows', { owner: 'foreign', foreignPath, live: { id: id as never, pins: [] } })
  const desired = stackOf({ without: ['map.flows'], more: [flows] })
  const plan = planFor(kernel, desired)
  kernel.bpffs.makeDirectory(`${bpffs}/edge`)
  const wrong = { ...plan, existing: { ...plan.existing, 'next:map.flows': 4711 } } as const
  expect((await run(kernel, wrong, desired)).outcome).toMatchObject({ result: 'stale', problem: { code: 'P301' } })
  expect((await run(kernel, plan, desired)).outcome.result).toBe('done')
  expect(machine.inspect.pins().get(`${bpffs}/edge/live/maps/flows`)?.id).toBe(id)
  await destroyStack(kernel, desired)
  expect(machine.inspect.pins().get(foreignPath)?.id).toBe(id)
})

test('a stack of hundreds of programs does not hold them all open', async () => {
  const many = Array.from({ length: 300 }, (_, index) =>
    program(`many${index}`, { code: returning(index % 3, ['flows']) }),
  )
  const machine = openMemoryMachine()
  const kernel = machine.open()
  let most = 0
  machine.beforeCall(() => {
    most = Math.max(most, kernel.openDescriptors())
  })
  expect((await applyStack(kernel, stackOf({ more: many }))).outcome.result).toBe('done')
  expect(most).toBeLessThan(30)
})

test('the scenarios of the crash tests run every kind of step', async () => {
  const kinds = new Set<string>()
  for (const scenario of scenarios) {
    const kernel = openMemoryMachine(await beginning(scenario)).open()
    const { events } = await act(kernel, scenario)
    for (const event of events) if (event.type === 'step-started') kinds.add(event.step.kind)
  }
  expect([...kinds].sort()).toEqual([...coveredKinds].sort())
})

/** All but `release`, which no plan needs yet. */
const coveredKinds = [
  'open-map',
  'make-directory',
  'write-record',
  'link-pin',
  'create-map',
  'pin',
  'write-entries',
  'snapshot-map',
  'merge-map',
  'write-data',
  'write-members',
  'freeze',
  'load-program',
  'fill-slot',
  'set-inner',
  'check-slots',
  'set-ownership',
  'set-entry',
  'replace-slot',
  'update-link',
  'create-link',
  'detach-link',
  'exchange',
  'rename',
  'drain',
  'unpin',
  'await-unused',
  'remove-directory',
]
