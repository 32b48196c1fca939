import { awaitConfirmation, look } from '../../../src/cli/await-confirmation.ts'
import type { OptionValues } from '../../../src/cli/option-table.ts'
import {
  apply,
  type MemoryMachine,
  makeConfirmPlan,
  makePlan,
  openMemoryMachine,
  readCurrent,
} from '../../../src/index.ts'
import type { DesiredState } from '../../../src/model/state.ts'
import { stackOf } from '../../apply/stack.ts'
import { checkPrinted } from '../../support/printed.ts'
import { type FakeTerminalOptions, fakeTerminal } from './fake-terminal.ts'

const bpffs = '/sys/fs/bpf'

export const version = (v4: number): DesiredState => stackOf({ verdicts: { v4 }, history: 1 })

/** Applies a state; with milliseconds, so that it awaits confirmation. */
export async function applyTo(machine: MemoryMachine, desired: DesiredState, confirmWithin?: number) {
  const kernel = machine.open()
  kernel.bpffs.stat(`${bpffs}/edge`) ?? kernel.bpffs.makeDirectory(`${bpffs}/edge`)
  const wanted = confirmWithin === undefined ? desired : { ...desired, confirmWithin }
  const plan = makePlan(readCurrent(kernel, { bpffs, stack: 'edge' }, wanted), wanted)
  const codes = plan.diagnostics.map(({ code }) => code)
  if (codes.length > 0) return codes
  for await (const _ of apply(kernel, plan, wanted, { patience: 20 }));
  kernel.close()
  return codes
}

export async function upgraded(confirmWithin = 60_000): Promise<MemoryMachine> {
  const machine = openMemoryMachine()
  await applyTo(machine, version(0))
  await applyTo(machine, version(1), confirmWithin)
  return machine
}

export const verdictOf = (machine: MemoryMachine) => machine.inspect.pins().get(`${bpffs}/edge/live/programs/v4`)?.id

/** What the applying process does once its generation is published. */
export async function waitFor(machine: MemoryMachine, options: FakeTerminalOptions = {}, values: OptionValues = {}) {
  const session = { kernel: machine.open(), bpffs, files: new Map(), [Symbol.dispose]: () => undefined }
  const { terminal, printed } = fakeTerminal(options)
  const unconfirmed = look(session, 'edge')
  if (!unconfirmed) throw new Error('nothing awaits confirmation')
  const stage = { kernel: session.kernel, options: values, terminal }
  const code = await awaitConfirmation(session, stage, { stack: 'edge', unconfirmed, applied: 0 })
  if (values.json) checkPrinted(['--json'], printed())
  return { code, printed: printed() }
}

export async function confirmIn(machine: MemoryMachine): Promise<void> {
  const kernel = machine.open()
  const plan = makeConfirmPlan(readCurrent(kernel, { bpffs, stack: 'edge' }))
  if (!plan) throw new Error('nothing to confirm')
  for await (const _ of apply(kernel, plan, undefined));
  kernel.close()
}

export const later = (action: () => unknown) => setTimeout(action, 50)

export const due = { stack: 'edge', unconfirmed: { generation: 2, former: 1, left: 0 } }

export const stageOf = (kernel: ReturnType<MemoryMachine['open']>) => ({
  kernel,
  options: { 'auto-approve': true } as const,
  terminal: fakeTerminal().terminal,
})
