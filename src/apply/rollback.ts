import type { Ref } from '../model/address.ts'
import { drainOf, isSleepable } from '../plan/sleepers.ts'
import type { Operation, Phase } from '../plan/step.ts'
import type { ApplyEvent } from './event.ts'
import { execute } from './execute.ts'
import type { Execution } from './execution.ts'
import { describeFailure, isErrno } from './problem.ts'

/** How to take one step back, recorded before the step ran. */
export interface Undo {
  /** Index of the step in the plan. */
  readonly index: number
  readonly phase: Phase
  readonly operations: readonly Operation[]
}

/** One inverse, and the step that it takes back; none for what only makes the others safe. */
interface Inverse {
  readonly operation: Operation
  readonly index?: number
}

/** A packet may still be inside a new program, and one that sleeps for longer: its arrays go only after it. */
function waitForReaders({ plan }: Execution): Inverse {
  const isLong = Object.values(plan.record?.programs ?? {}).some(({ load }) => isSleepable(load))
  return { operation: { kind: 'drain', ...(isLong && { sleep: drainOf(plan.record) }) } }
}

/**
 * Runs the inverses in reverse order and returns a sentence for each that failed. Failing ones hold back what would be
 * unsafe then: the new tree stays as long as something live may still run its programs, and while the trees are exchanged
 * no path means what the inverses mean by it.
 */
export async function* rollback(run: Execution, done: readonly Undo[]): AsyncGenerator<ApplyEvent, readonly string[]> {
  const backwards = done.toReversed()
  const of = (phase: Phase): Inverse[] => backwards.filter((undo) => undo.phase === phase).flatMap(inversesOf)
  const unpublished = yield* undoAll(run, of('publish'))
  if (unpublished.length > 0) return [...unpublished, 'the new generation is live; the old one was not removed']
  const switched = of('switch')
  const unswitched = yield* undoAll(run, switched.length > 0 ? [...switched, waitForReaders(run)] : [])
  if (unswitched.length > 0)
    return [...unswitched, 'next is kept, since its programs may run; the next apply recovers it']
  const left = yield* undoAll(run, of('prepare'))
  return left.length > 0 ? [...left, 'what is left of next is removed by the next apply'] : []
}

const inversesOf = ({ index, operations }: Undo): Inverse[] => operations.map((operation) => ({ operation, index }))

/**
 * Nothing more is removed once something stays: the record, and for a pin elsewhere the one in the tree, say whose it is, and
 * so the next apply can recover it.
 */
const removals: ReadonlySet<Operation['kind']> = new Set(['unpin', 'detach-link', 'remove-directory'])

async function* undoAll(run: Execution, inverses: readonly Inverse[]): AsyncGenerator<ApplyEvent, string[]> {
  const left: string[] = []
  const unpinned = new Set<Ref>()
  for (const inverse of inverses) {
    const { operation } = inverse
    if (left.length > 0 && removals.has(operation.kind)) continue
    if (operation.kind === 'pin' && unpinned.has(operation.target)) continue
    try {
      await takeBack(run, operation)
      yield { type: 'undone', ...inverse }
    } catch (error) {
      const problem = describeFailure(operation, error)
      left.push(problem.message)
      // A link that is attached again has its pin in the tree first: with another one alone it would be nobody's.
      if (operation.kind === 'pin') unpinned.add(operation.target)
      yield { type: 'undo-failed', ...inverse, problem }
    }
  }
  return left
}

async function takeBack(run: Execution, operation: Operation): Promise<void> {
  try {
    await execute(run, operation)
  } catch (error) {
    // Its device, cgroup or namespace is gone: a link that is attached to nothing runs nothing.
    if (operation.kind !== 'update-link' || !isErrno(error, 'ENOLINK')) throw error
  }
}
