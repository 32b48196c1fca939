import { setTimeout as sleep } from 'node:timers/promises'
import type { Operation } from '../plan/step.ts'
import { unreachable } from '../util/unreachable.ts'
import { awaitUnused } from './await-unused.ts'
import { createLink, detachLink, updateLink } from './execute-link.ts'
import { createMap, freeze, openMap, setEntry, writeData, writeEntries, writeMembers } from './execute-map.ts'
import { checkSlots, fillSlot, replaceSlot, setInner } from './execute-slot.ts'
import { exchange, linkPin, removeDirectory, setOwnership, unpin } from './execute-tree.ts'
import { absolute, type Execution } from './execution.ts'
import { mergeMap } from './migrate/merge-map.ts'
import { snapshotMap } from './migrate/snapshot-map.ts'
import { rescueArray } from './rescue-array.ts'
import { writePlannedRecord } from './write-record.ts'

/**
 * Carries out one operation: the only switch with side effects. What throws has changed nothing. Throws KernelError, and
 * PlanError where the world is not what the plan was made for (see isStale).
 */
export async function execute(run: Execution, operation: Operation): Promise<void> {
  const { kernel, plan, handles } = run
  switch (operation.kind) {
    case 'make-directory':
      return kernel.bpffs.makeDirectory(absolute(plan, operation.path))
    case 'write-record':
      return writePlannedRecord(run, operation)
    case 'link-pin':
      return linkPin(run, operation)
    case 'open-map':
      return openMap(run, operation)
    case 'create-map':
      return createMap(run, operation.target)
    case 'pin':
      return kernel.pin(handles.any(operation.target), absolute(plan, operation.path))
    case 'write-entries':
      return writeEntries(run, operation)
    case 'snapshot-map':
      return snapshotMap(run, operation)
    case 'merge-map':
      return mergeMap(run, operation)
    case 'write-data':
      return writeData(run, operation.target)
    case 'freeze':
      return freeze(run, operation.target)
    case 'load-program':
      return handles.put(operation.target, await run.loads.take(operation.target))
    case 'fill-slot':
      return fillSlot(run, operation)
    case 'write-members':
      return writeMembers(run, operation)
    case 'set-inner':
      return setInner(run, operation)
    case 'check-slots':
      return checkSlots(run, operation)
    case 'set-ownership':
      return setOwnership(run, operation)
    case 'set-entry':
      return setEntry(run, operation)
    case 'replace-slot':
      return replaceSlot(run, operation)
    case 'update-link':
      return updateLink(run, operation)
    case 'create-link':
      return createLink(run, operation)
    case 'detach-link':
      return detachLink(run, operation)
    case 'exchange':
      return exchange(run, operation)
    case 'rename':
      return kernel.bpffs.rename(absolute(plan, operation.from), absolute(plan, operation.to))
    case 'release':
      return handles.release(operation.target)
    case 'drain':
      return drain(kernel, operation.sleep)
    case 'unpin':
      return unpin(run, operation)
    case 'await-unused':
      return awaitUnused(run, operation)
    case 'remove-directory':
      return removeDirectory(run, operation.path)
    case 'rescue-array':
      return rescueArray(run, operation)
    default:
      return unreachable(operation)
  }
}

async function drain(kernel: Execution['kernel'], sleepable = 0): Promise<void> {
  await kernel.waitForReaders()
  if (sleepable > 0) await sleep(sleepable)
}
