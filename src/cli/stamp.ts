import { toHex } from '../util/hex.ts'

/** What makes a plan one of its kind: nothing else in its document comes from a clock or from chance. */
export interface Stamp {
  /** ISO 8601, UTC. */
  readonly time: string
  /** 16 hexadecimal digits; the document's seal makes 32 of them. */
  readonly chance: string
}

/** A stamp of now. The global is loaded when it is first used, unlike node:crypto, for which every start would wait. */
export const stampNow = (): Stamp => ({
  time: new Date().toISOString(),
  chance: toHex(crypto.getRandomValues(new Uint8Array(8))),
})
