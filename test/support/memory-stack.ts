import { apply } from '../../src/apply/apply.ts'
import type { Outcome } from '../../src/apply/event.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { CurrentState, DesiredState, Resource } from '../../src/model/state.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { readCurrent } from '../../src/state/read-current.ts'
import { desired } from './builders.ts'

export const place = { bpffs: '/sys/fs/bpf', stack: 'edge' } as const
const directory = `${place.bpffs}/${place.stack}`

/** Carries a plan out to its end and tells how it went. */
async function run(kernel: Kernel, plan: Plan, wanted?: DesiredState): Promise<Outcome> {
  const events = apply(kernel, plan, wanted, { patience: 0, parallelLoads: 1 })
  for (;;) {
    const { done, value } = await events.next()
    if (done) return value
  }
}

/** What pinfold apply does after reading the manifest, without recovery. */
async function applyResources(
  kernel: Kernel,
  resources: readonly Resource[],
  pins: DesiredState['pins'],
): Promise<Outcome> {
  const wanted = { ...desired(...resources), ...(pins && { pins }) }
  if (!kernel.bpffs.stat(directory)) kernel.bpffs.makeDirectory(directory)
  return run(kernel, makePlan(readCurrent(kernel, place, wanted), wanted), wanted)
}

export interface MachineOptions {
  readonly pins?: DesiredState['pins']
  /** What others do on it before. */
  readonly prepare?: ((kernel: Kernel) => Promise<void>) | undefined
}

/** A machine on which these resources were applied by a process that has exited. */
export async function machineWith(
  resources: readonly Resource[],
  options: MachineOptions = {},
): Promise<MemoryMachine> {
  const machine = openMemoryMachine()
  machine.addInterface('eth0')
  machine.addInterface('eth1')
  const kernel = machine.open()
  await options.prepare?.(kernel)
  if (resources.length > 0) await applyResources(kernel, resources, options.pins)
  else kernel.bpffs.makeDirectory(directory)
  kernel.close()
  return machine
}

/** What a new process would read. */
export function readMachine(machine: MemoryMachine, wanted?: DesiredState): CurrentState {
  const kernel = machine.open()
  try {
    return readCurrent(kernel, place, wanted)
  } finally {
    kernel.close()
  }
}
