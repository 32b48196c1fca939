/** A time in milliseconds that may have a fraction; every other number of a document is whole. */
export type Milliseconds = number

/** Runs a part of some work, and may take its time. */
export type Measure = <T>(part: string, work: () => T) => T

/** Takes no time. */
export const unmeasured: Measure = (_, work) => work()
