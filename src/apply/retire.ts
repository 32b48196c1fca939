import { dirname } from 'node:path'
import { addressOf, type MapAddress } from '../model/address.ts'
import { PlanError } from '../model/errors.ts'
import type { Step } from '../plan/step.ts'
import { sinceStart } from '../util/clock.ts'
import { applyCodes } from './codes.ts'
import type { ApplyEvent, Problem } from './event.ts'
import { execute } from './execute.ts'
import type { Execution } from './execution.ts'
import { describeFailure } from './problem.ts'

/** What retiring left. */
export interface Retired {
  /** The first step that failed for another reason than a user of what it removes. */
  readonly problem?: Problem
  /** Sentences: what was kept, what failed. */
  readonly left: readonly string[]
}

/** Paths that stay, each with the sentence why; `everything` once nothing may be removed any more. */
interface Kept {
  readonly paths: Map<string, string>
  everything?: string
}

/**
 * Removes the outgoing generation from the step at index `first` on. Nothing is undone: what fails or is still in use stays,
 * with the directories above it and, if packets may still be inside old programs, with everything else; the next apply
 * finishes it.
 */
export async function* retire(run: Execution, first: number): AsyncGenerator<ApplyEvent, Retired> {
  const kept: Kept = { paths: new Map() }
  const left: string[] = []
  let failure: Problem | undefined
  for (const [offset, step] of run.plan.steps.slice(first).entries()) {
    const index = first + offset
    const because = whyLeftOut(step, kept)
    if (because !== undefined) {
      yield { type: 'step-left-out', index, step, because }
      continue
    }
    yield { type: 'step-started', index, step }
    const started = sinceStart()
    try {
      await execute(run, step)
      yield { type: 'step-finished', index, step, ms: sinceStart() - started }
      if (step.kind === 'merge-map') yield* tellMigrated(run, step)
    } catch (error) {
      const problem = describeFailure(step, error)
      const inUse = isInUse(error)
      keep(kept, step, problem)
      left.push(problem.message)
      if (!inUse) failure ??= problem
      yield inUse
        ? { type: 'step-left-out', index, step, because: problem.message }
        : { type: 'step-failed', index, step, problem }
    }
  }
  return { left, ...(failure && { problem: failure }) }
}

function* tellMigrated(
  { migrated }: Execution,
  { target }: Step & { readonly kind: 'merge-map' },
): Generator<ApplyEvent> {
  const map = addressOf(target) as MapAddress
  const counts = migrated.get(map)
  if (counts) yield { type: 'migrated', map, ...counts }
}

const isInUse = (error: unknown): boolean => error instanceof PlanError && error.code === applyCodes.kept.code

function whyLeftOut(step: Step, kept: Kept): string | undefined {
  if (kept.everything !== undefined) return step.kind === 'release' ? undefined : kept.everything
  if (step.kind === 'remove-directory') return firstInside(step.path, kept.paths)
  // Without its record nobody would know that what is kept is the stack's own.
  if (step.kind === 'unpin' && isRecord(step.path)) return firstInside(dirname(step.path), kept.paths)
  return step.kind === 'unpin' || step.kind === 'await-unused' ? kept.paths.get(step.path) : undefined
}

const isRecord = (path: string): boolean => /^[^/]+\/record$/.test(path)

function firstInside(directory: string, paths: Kept['paths']): string | undefined {
  for (const [path, because] of paths) {
    if (directory === '' || path === directory || path.startsWith(`${directory}/`)) return because
  }
  return undefined
}

/** What must stay because this step did not do its work. */
function keep(kept: Kept, step: Step, { code, message: because }: Problem): void {
  switch (step.kind) {
    case 'unpin':
    case 'remove-directory':
      // Only by the old tree one knows that what lies elsewhere is the stack's own.
      if (step.path.startsWith('/')) kept.everything = because
      else kept.paths.set(step.path, because)
      return
    case 'await-unused':
    case 'rescue-array':
      kept.paths.set(step.path, because)
      return
    case 'detach-link':
      for (const path of step.paths) kept.paths.set(path, because)
      // Somebody else's link runs on whatever we wait for. Otherwise what it writes must not be missed.
      if (code !== applyCodes.linkHeld.code) kept.everything = because
      return
    case 'create-link':
    case 'pin':
      // A recovery attaches again what a gap had taken off: nothing that is removed depends on it.
      return
    default:
      // Whatever else belongs to retiring (waiting for readers above all) makes the removals after it safe.
      kept.everything = because
  }
}
