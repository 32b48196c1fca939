/** Milliseconds since this process began. `performance.now` says the same, but Node takes 2 ms to load what it stands in. */
export const sinceStart = (): number => process.uptime() * 1000
