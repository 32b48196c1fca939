/** The buffer that the kernel fills, reused: nothing is allocated per call but the result. Zeroes where it knows less. */
export interface InfoBuffer {
  readonly bytes: Buffer
  readonly view: DataView
  /** Asks again after the caller has put pointers into `bytes`. */
  readonly again: () => void
}
