import { readRecord, writeRecord } from '../kernel/record-map.ts'
import { PlanError } from '../model/errors.ts'
import type { StackRecord } from '../model/record.ts'
import type { Operation } from '../plan/step.ts'
import { applyCodes } from './codes.ts'
import { forPin, unpin } from './execute-tree.ts'
import { absolute, type Execution } from './execution.ts'

type WriteRecord = Operation & { readonly kind: 'write-record' }

const withDeadline = (record: StackRecord, now: number): StackRecord =>
  record.awaits ? { ...record, awaits: { ...record.awaits, deadline: now + record.awaits.within } } : record

/** Where a record waits to take another one's place; what a crash leaves there goes with the tree. */
const waitingFor = (path: string): string => `${path}:new`

function withoutMigrations({ migrations: _, ...record }: StackRecord): StackRecord {
  return record
}

function recordOf({ kernel, plan }: Execution, { path, startsClock, migrated }: WriteRecord): StackRecord {
  if (!plan.record) {
    throw new PlanError(`cannot write the record ${path}: the plan has none`, { code: applyCodes.order.code })
  }
  // The one that is there has its deadline already.
  if (migrated) return withoutMigrations(readRecord(kernel, absolute(plan, path)) ?? plan.record)
  return startsClock ? withDeadline(plan.record, kernel.sinceBoot()) : plan.record
}

/** Writes the plan's record; a record that is there already is replaced in one instant, which a record can bear. */
export function writePlannedRecord(run: Execution, operation: WriteRecord): void {
  const { kernel, plan } = run
  const { path } = operation
  const to = absolute(plan, path)
  const record = recordOf(run, operation)
  if (kernel.bpffs.stat(to) === undefined) return writeRecord(kernel, record, to)
  const waiting = waitingFor(path)
  // A killed process may have left one.
  unpin(run, { path: waiting })
  writeRecord(kernel, record, absolute(plan, waiting))
  try {
    if (record.ownership) kernel.bpffs.setOwnership(absolute(plan, waiting), forPin(record.ownership))
    kernel.bpffs.replace(absolute(plan, waiting), to)
  } catch (error) {
    unpin(run, { path: waiting })
    throw error
  }
}
