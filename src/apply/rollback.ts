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

const waitForReaders: Inverse = { operation: { kind: 'drain' } }

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
  // A packet may still be inside a new program: its arrays go only after it.
  const unswitched = yield* undoAll(run, switched.length > 0 ? [...switched, waitForReaders] : [])
  if (unswitched.length > 0)
    return [...unswitched, 'next is kept, since its programs may run; the next apply recovers it']
  return yield* undoAll(run, of('prepare'))
}

const inversesOf = ({ index, operations }: Undo): Inverse[] => operations.map((operation) => ({ operation, index }))

async function* undoAll(run: Execution, inverses: readonly Inverse[]): AsyncGenerator<ApplyEvent, string[]> {
  const left: string[] = []
  for (const inverse of inverses) {
    try {
      await takeBack(run, inverse.operation)
      yield { type: 'undone', ...inverse }
    } catch (error) {
      const problem = describeFailure(inverse.operation, error)
      left.push(problem.message)
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
