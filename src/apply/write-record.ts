import { writeRecord } from '../kernel/record-map.ts'
import { PlanError } from '../model/errors.ts'
import { applyCodes } from './codes.ts'
import { unpin } from './execute-tree.ts'
import { absolute, type Execution } from './execution.ts'

/** Where a record waits to take another one's place; what a crash leaves there goes with the tree. */
const waitingFor = (path: string): string => `${path}:new`

/** Writes the plan's record; a record that is there already is replaced in one instant, which a record can bear. */
export function writePlannedRecord(run: Execution, path: string): void {
  const { kernel, plan } = run
  if (!plan.record) {
    throw new PlanError(`cannot write the record ${path}: the plan has none`, { code: applyCodes.order.code })
  }
  const to = absolute(plan, path)
  if (kernel.bpffs.stat(to) === undefined) return writeRecord(kernel, plan.record, to)
  const waiting = waitingFor(path)
  // A killed process may have left one.
  unpin(run, { path: waiting })
  writeRecord(kernel, plan.record, absolute(plan, waiting))
  try {
    kernel.bpffs.replace(absolute(plan, waiting), to)
  } catch (error) {
    unpin(run, { path: waiting })
    throw error
  }
}
