import { randomBytes } from 'node:crypto'

/** What makes a plan one of its kind: nothing else in its document comes from a clock or from chance. */
export interface Stamp {
  /** ISO 8601, UTC. */
  readonly time: string
  /** 16 hexadecimal digits; the document's seal makes 32 of them. */
  readonly chance: string
}

/** A stamp of now. */
export const stampNow = (): Stamp => ({ time: new Date().toISOString(), chance: randomBytes(8).toString('hex') })
