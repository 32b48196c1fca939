/** Runs a part of some work, and may take its time. */
export type Measure = <T>(part: string, work: () => T) => T

/** Takes no time. */
export const unmeasured: Measure = (_, work) => work()
