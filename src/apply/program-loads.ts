import type { Fd } from '../kernel/kernel.ts'
import type { ProgramRef, Step } from '../plan/step.ts'

/** What a queue of loads works on. */
export interface LoadQueue {
  readonly steps: readonly Step[]
  /** Loads that may be under way or waiting to be taken. */
  readonly limit: number
  readonly load: (target: ProgramRef) => Promise<Fd<'program'>>
}

/**
 * Program loads, started ahead of their steps so that the verifier works on several at once. Only loads with nothing but
 * loads and their pins between them run ahead: what they use exists. Whoever takes one owns it; `dispose` waits for the
 * others and closes them.
 */
export class ProgramLoads implements AsyncDisposable {
  readonly #queue: LoadQueue
  readonly #order: readonly Queued[]
  readonly #positions: ReadonlyMap<ProgramRef, number>
  readonly #started = new Map<ProgramRef, Promise<Fd<'program'>>>()
  readonly #durations = new Map<ProgramRef, number>()

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

  async [Symbol.asyncDispose](): Promise<void> {
    const rest = [...this.#started.values()]
    this.#started.clear()
    for (const load of await Promise.allSettled(rest)) {
      if (load.status === 'fulfilled') load.value[Symbol.dispose]()
    }
  }

  #startFrom(first: number): void {
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
    load.catch(() => undefined)
    this.#started.set(target, load)
  }

  async #measured(target: ProgramRef): Promise<Fd<'program'>> {
    const started = performance.now()
    try {
      return await this.#queue.load(target)
    } finally {
      this.#durations.set(target, performance.now() - started)
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
    if (step.kind === 'load-program') queued.push({ target: step.target, run })
    else if (step.kind !== 'pin') run++
  }
  return queued
}
