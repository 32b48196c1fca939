import type { ApplyEvent, Judgement, Measure } from '../index.ts'
import { sinceStart } from '../util/clock.ts'
import { paintOf, printDocument, type Speaker } from './say.ts'
import { renderTimings, type TimedPart, timingsDocument } from './views/timings.ts'

/** Where the time of a command goes. Disposing it says so, where --timings asks for it; otherwise it does nothing at all. */
export interface Timings extends Disposable {
  /** Takes the time of a part, without that of the parts within it. */
  readonly measure: Measure
  readonly measureAsync: <T>(part: string, work: () => Promise<T>) => Promise<T>
  /** Takes what an apply tells of its steps. */
  readonly follow: (event: ApplyEvent) => void
  readonly judged: (judgement: Judgement) => void
}

/** Starts the clock of a command; what came before, since the process began, is its start. */
export const openTimings = (speaker: Speaker): Timings => (speaker.options.timings ? new Clock(speaker) : none)

const none: Timings = {
  measure: (_, work) => work(),
  measureAsync: (_, work) => work(),
  follow: () => undefined,
  judged: () => undefined,
  [Symbol.dispose]: () => undefined,
}

class Clock implements Timings {
  readonly #speaker: Speaker
  readonly #parts = new Map<string, number>([['start', sinceStart()]])
  readonly #programs: TimedPart[] = []
  /** Milliseconds of finished parts within the one that is running. */
  #within = 0

  constructor(speaker: Speaker) {
    this.#speaker = speaker
  }

  readonly measure: Measure = (part, work) => {
    const end = this.#begin(part)
    try {
      return work()
    } finally {
      end()
    }
  }

  readonly measureAsync: Timings['measureAsync'] = async (part, work) => {
    const end = this.#begin(part)
    try {
      return await work()
    } finally {
      end()
    }
  }

  readonly follow = (event: ApplyEvent): void => {
    if (event.type !== 'step-finished') return
    this.#add(`apply: ${event.step.phase}`, event.ms)
    this.#within += event.ms
    if (event.step.kind === 'load-program' && event.loadMs !== undefined) {
      this.#programs.push({ name: event.step.target.replace(/^\w+:/, ''), ms: event.loadMs })
    }
  }

  readonly judged = ({ address, ms }: Judgement): void => {
    this.#programs.push({ name: address, ms })
  };

  [Symbol.dispose](): void {
    const { terminal, options } = this.#speaker
    const parts: TimedPart[] = [...this.#parts].map(([name, ms]) => ({ name, ms }))
    const timings = { parts, programs: this.#programs, total: sinceStart() }
    if (options.json) printDocument(terminal, timingsDocument(timings))
    else terminal.warn(renderTimings(timings, paintOf(this.#speaker)))
  }

  #begin(part: string): () => void {
    const outer = this.#within
    this.#within = 0
    const started = sinceStart()
    return () => {
      const ms = sinceStart() - started
      this.#add(part, ms - this.#within)
      this.#within = outer + ms
    }
  }

  #add(part: string, ms: number): void {
    this.#parts.set(part, (this.#parts.get(part) ?? 0) + ms)
  }
}
