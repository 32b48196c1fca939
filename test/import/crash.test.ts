import { describe, expect, test } from 'vitest'
import { lockStack } from '../../src/apply/lock.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { Address } from '../../src/model/address.ts'
import { KernelError } from '../../src/model/errors.ts'
import type { ImportedObject } from '../../src/model/record.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { makeDestroyPlan } from '../../src/plan/destroy.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { readImported } from '../../src/state/import/read-imported.ts'
import { readCurrent } from '../../src/state/read-current.ts'
import { applyStack, bpffs, currentOf, destroyStack, planFor, recoverOnly, run } from '../apply/runs.ts'
import { stackOf } from '../apply/stack.ts'

const old = `${bpffs}/old`

interface Begun {
  readonly machine: MemoryMachine
  readonly desired: DesiredState
  /** A process that has hold of what is not pinned. */
  readonly holder: Kernel
}

/** What somebody else pinned at old/: a stack without a record. */
async function begin(unpinned: readonly string[]): Promise<Begun> {
  const machine = openMemoryMachine()
  const holder = machine.open()
  expect((await applyStack(holder, stackOf())).outcome.result).toBe('done')
  holder.bpffs.rename(`${bpffs}/edge/live`, old)
  holder.bpffs.unpin(`${old}/record`)
  holder.bpffs.removeDirectory(`${bpffs}/edge`)
  const imports = new Map<Address, ImportedObject>()
  for (const { address, kind } of stackOf().resources.values()) {
    const path = `${old}/${kind}s/${address.slice(kind.length + 1)}`
    const { id } = holder.describePin(path)
    if (!unpinned.includes(address)) imports.set(address, { id, path })
    else {
      imports.set(address, { id })
      holder.openPin(path)
      holder.bpffs.unpin(path)
    }
  }
  const pins = [...imports].flatMap(([address, { path }]) => (path === undefined ? [] : [[path, { address }] as const]))
  return { machine, holder, desired: { ...stackOf(), imports, pins: new Map(pins) } }
}

const importPlan = (kernel: Kernel, desired: DesiredState) =>
  makePlan(readImported(kernel, { bpffs, stack: desired.stack }, desired), desired)

/** What the command does: finish what was interrupted; take in what is not there yet. */
async function takeIn(kernel: Kernel, desired: DesiredState): Promise<void> {
  await recoverOnly(kernel, desired)
  if (currentOf(kernel, desired).record) return
  using _lock = lockStack(kernel, `${bpffs}/${desired.stack}`, { create: true })
  const { outcome } = await run(kernel, importPlan(kernel, desired), desired)
  if (outcome.result !== 'done') throw new Error(JSON.stringify(outcome))
}

/** Everything runs as before, and every array is held and full. */
function expectUndisturbed({ machine }: Begun, before: ReturnType<typeof look>, when: string): void {
  expect(look(machine), when).toEqual(before)
  for (const array of machine.inspect.reachableArrays()) {
    expect(array.holders, when).not.toEqual([])
    expect(array.slots.size, when).toBe(2)
  }
}

const look = ({ inspect }: MemoryMachine) => ({
  running: inspect.running(),
  links: inspect.links().map(({ id, programId }) => ({ id, programId })),
  others: [...inspect.pins()].filter(([path]) => path.startsWith(`${old}/`)),
})

const worlds: readonly (readonly [string, readonly string[]])[] = [
  ['all of it pinned', []],
  ['a link and an array held by a process alone', ['link.eth0', 'map.calls']],
  ['programs that only slots and links hold', ['program.v4', 'program.v6', 'program.ingress', 'map.rodata']],
]

describe.each(worlds)('%s', (_, unpinned) => {
  test('an import makes nothing but names, and the next plan is empty', async () => {
    const begun = await begin(unpinned)
    const before = look(begun.machine)
    const kernel = begun.machine.open()
    const plan = importPlan(kernel, begun.desired)
    expect(plan.action).toBe('import')
    expect(plan.diagnostics).toEqual([])
    expect(plan.changes.map(({ action }) => action)).toEqual(plan.changes.map(() => 'keep'))
    expect(new Set(plan.steps.map(({ kind }) => kind))).toEqual(
      new Set(['make-directory', 'write-record', 'link-pin', ...(unpinned.length > 0 ? ['pin'] : []), 'rename']),
    )
    await takeIn(kernel, begun.desired)
    expectUndisturbed(begun, before, 'imported')
    const { imports: _imports, ...declared } = begun.desired
    expect(planFor(begun.machine.open(), declared).steps).toEqual([])
  })

  test('killed before any operation it leaves all of it running, and a second import finishes', async () => {
    let calls = 0
    const counted = await begin(unpinned)
    counted.machine.beforeCall(() => void calls++)
    await takeIn(counted.machine.open(), counted.desired)
    expect(calls).toBeGreaterThan(12)
    for (let fatal = 1; fatal <= calls; fatal++) {
      const begun = await begin(unpinned)
      const before = look(begun.machine)
      const kernel = begun.machine.open()
      let call = 0
      let at = ''
      begun.machine.beforeCall((operation, target) => {
        if (++call !== fatal) return
        at = `killed at ${fatal}: ${operation} ${target}`
        kernel.kill()
      })
      await takeIn(kernel, begun.desired).catch(() => undefined)
      begun.machine.beforeCall(undefined)
      expectUndisturbed(begun, before, at)
      await takeIn(begun.machine.open(), begun.desired)
      expectUndisturbed(begun, before, `after ${at}`)
      const { imports: _imports, ...declared } = begun.desired
      expect(planFor(begun.machine.open(), declared).steps, at).toEqual([])
      expect(begun.machine.open().bpffs.list(`${bpffs}/edge`), at).toEqual([{ name: 'live', directory: true }])
    }
  })
})

test.each(['gone', 'another'])('a pin that is %s when it begins makes it stale, and nothing is done', async (fate) => {
  const { machine, holder, desired } = await begin([])
  const kernel = machine.open()
  const plan = importPlan(kernel, desired)
  const [flows, allow] = ['flows', 'allow'].map((name) => `${old}/maps/${name}`) as [string, string]
  holder.bpffs.unpin(flows)
  if (fate === 'another') holder.bpffs.link(allow, flows)
  const before = [...machine.inspect.pins().keys()]
  using _lock = lockStack(kernel, `${bpffs}/${desired.stack}`, { create: true })
  expect((await run(kernel, plan, desired)).outcome.result).toBe('stale')
  expect([...machine.inspect.pins().keys()]).toEqual(before)
})

test('refused at any operation it takes its names back, and everything runs as before', async () => {
  let calls = 0
  const counted = await begin(['link.eth0'])
  counted.machine.beforeCall(() => void calls++)
  await takeIn(counted.machine.open(), counted.desired)
  for (let fatal = 1; fatal <= calls; fatal++) {
    const begun = await begin(['link.eth0'])
    const before = look(begun.machine)
    const kernel = begun.machine.open()
    let call = 0
    let at = ''
    begun.machine.beforeCall((operation, target) => {
      if (++call !== fatal) return
      at = `refused at ${fatal}: ${operation} ${target}`
      throw new KernelError(at, { code: 'K012', command: operation, errno: 'ENOMEM' })
    })
    const failed = await takeIn(kernel, begun.desired).then(
      () => false,
      () => true,
    )
    begun.machine.beforeCall(undefined)
    expectUndisturbed(begun, before, at)
    // The last call is the lock's, which gives up a directory that is not empty.
    const left = kernel.bpffs.stat(`${bpffs}/edge`) ? kernel.bpffs.list(`${bpffs}/edge`).map(({ name }) => name) : []
    expect(left, at).toEqual(failed ? [] : ['live'])
    expect(kernel.openDescriptors(), at).toBe(0)
  }
})

test('where something is gone before a killed import is finished, its names go and the rest keeps running', async () => {
  const begun = await begin(['program.v4'])
  const kernel = begun.machine.open()
  let call = 0
  begun.machine.beforeCall((operation) => {
    if (operation === 'pin' && ++call === 2) kernel.kill()
  })
  await takeIn(kernel, begun.desired).catch(() => undefined)
  begun.machine.beforeCall(undefined)
  const next = begun.machine.open()
  expect(next.bpffs.stat(`${bpffs}/edge/next/record`)).toBeDefined()
  // Its owner takes a map away that nothing else holds.
  next.bpffs.unpin(`${old}/maps/flows`)
  const before = look(begun.machine)
  await recoverOnly(next, begun.desired)
  expect(look(begun.machine)).toEqual(before)
  for (const array of begun.machine.inspect.reachableArrays()) expect(array.slots.size).toBe(2)
})

test('a destroy instead of the rest of a killed import removes its names and nothing else', async () => {
  const begun = await begin([])
  const before = look(begun.machine)
  const kernel = begun.machine.open()
  begun.machine.beforeCall((operation) => {
    if (operation === 'rename') kernel.kill()
  })
  await takeIn(kernel, begun.desired).catch(() => undefined)
  begun.machine.beforeCall(undefined)
  const next = begun.machine.open()
  using _lock = lockStack(next, `${bpffs}/edge`)
  const plan = makeDestroyPlan(readCurrent(next, { bpffs, stack: 'edge' }))
  expect((await run(next, plan)).outcome.result).toBe('done')
  expectUndisturbed(begun, before, 'destroyed')
  expect(next.bpffs.stat(`${bpffs}/edge`)).toBeUndefined()
})

test('an imported stack is destroyed with its pins elsewhere, and nothing of it lives on', async () => {
  const begun = await begin([])
  const kernel = begun.machine.open()
  await takeIn(kernel, begun.desired)
  const { imports: _imports, ...declared } = begun.desired
  expect((await destroyStack(kernel, declared)).outcome).toMatchObject({ result: 'done', left: [] })
  expect(begun.machine.inspect.pins().size).toBe(0)
  expect(begun.machine.inspect.running()).toEqual([])
})

test('what differs from the manifest stands in the way (P180)', async () => {
  const { machine, desired } = await begin([])
  const other = stackOf({ slots: { 0: 'v4', 1: 'v4' } }).resources
  const plan = importPlan(machine.open(), { ...desired, resources: other })
  expect(plan.diagnostics.filter(({ severity }) => severity === 'error')).toMatchObject([
    {
      code: 'P180',
      address: 'map.calls',
      detail: expect.stringContaining('slots.1: live program.v6, wanted program.v4'),
    },
  ])
})
