import type { Fd } from '../kernel/kernel.ts'
import type { ProgramRef, Step } from '../plan/step.ts'
import { sinceStart } from '../util/clock.ts'

/** What a queue of loads works on. */
export interface LoadQueue {
  readonly steps: readonly Step[]
  /** Loads that may be under way or waiting to be taken. */
  readonly limit: number
  readonly load: (target: ProgramRef) => Promise<Fd<'program'>>
  /** Loads go on being started after one has failed. */
  readonly goesOn?: true
}

/** A load that failed, and how. */
export interface FailedLoad {
  readonly target: ProgramRef
  readonly error: unknown
}

/**
 * Program loads, started ahead of their steps so that the verifier works on several at once. Only loads with nothing but
 * loads and their pins between them run ahead: what they use exists. After a failure nothing more is started. Whoever takes
 * one owns it; `dispose` waits for the others and closes them.
 */
export class ProgramLoads implements AsyncDisposable {
  readonly #queue: LoadQueue
  readonly #order: readonly Queued[]
  readonly #positions: ReadonlyMap<ProgramRef, number>
  readonly #started = new Map<ProgramRef, Promise<Fd<'program'>>>()
  readonly #durations = new Map<ProgramRef, number>()
  #hasFailed = false

  constructor(queue: LoadQueue) {
    this.#queue = queue
    this.#order = runsOf(queue.steps)
    this.#positions = new Map(this.#order.map(({ target }, position) => [target, position]))
  }

  /** The loaded program; throws what its load threw. Starts the loads behind it as far as the limit allows. */
  async take(target: ProgramRef): Promise<Fd<'program'>> {
    this.#startFrom(this.#positions.get(target) ?? this.#order.length)
    const load = this.#started.get(target) ?? this.#measured(target)
    this.#started.delete(target)
    return await load
  }

  /** Milliseconds from the start of a load to its end, whoever waited; undefined before it has ended. */
  durationOf(target: ProgramRef): number | undefined {
    return this.#durations.get(target)
  }

  /** Waits for what is under way and closes it; which of these loads failed, in the order of their steps. */
  async abandon(): Promise<readonly FailedLoad[]> {
    const rest = [...this.#started]
    this.#started.clear()
    const ends = await Promise.allSettled(rest.map(([, load]) => load))
    return ends.flatMap((end, index) => {
      if (end.status === 'fulfilled') end.value[Symbol.dispose]()
      const target = rest[index]?.[0]
      return end.status === 'rejected' && target ? [{ target, error: end.reason }] : []
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abandon()
  }

  #startFrom(first: number): void {
    if (this.#hasFailed && !this.#queue.goesOn) return
    const run = this.#order[first]?.run
    for (let at = first; this.#order[at]?.run === run && this.#started.size < this.#queue.limit; at++) {
      const target = this.#order[at]?.target
      if (target === undefined) return
      if (!this.#started.has(target)) this.#start(target)
    }
  }

  #start(target: ProgramRef): void {
    const load = this.#measured(target)
    // The failure is told when its step takes it; until then it is nobody's.
    load.catch(() => {
      this.#hasFailed = true
    })
    this.#started.set(target, load)
  }

  async #measured(target: ProgramRef): Promise<Fd<'program'>> {
    const started = sinceStart()
    try {
      return await this.#queue.load(target)
    } finally {
      this.#durations.set(target, sinceStart() - started)
    }
  }
}

interface Queued {
  readonly target: ProgramRef
  /** Loads of one run do not depend on a step between them. */
  readonly run: number
}

function runsOf(steps: readonly Step[]): readonly Queued[] {
  const queued: Queued[] = []
  let run = 0
  for (const step of steps) {
    // What it extends has to be there: that may be one of this run.
    if (step.kind === 'load-program' && step.extends) run++
    if (step.kind === 'load-program') queued.push({ target: step.target, run })
    else if (step.kind !== 'pin') run++
  }
  return queued
}
