import { setTimeout as sleep } from 'node:timers/promises'
import { sinceStart } from '../util/clock.ts'

const longestPause = 100

/** Asks again, with growing pauses, until the answer is yes (true) or the time is up (false). Milliseconds. */
export async function poll(isSo: () => boolean, patience: number): Promise<boolean> {
  const deadline = sinceStart() + patience
  for (let pause = 1; ; pause = Math.min(pause * 2, longestPause)) {
    if (isSo()) return true
    const left = deadline - sinceStart()
    if (left <= 0) return false
    await sleep(Math.min(pause, left))
  }
}
