import { fstatSync, writeSync } from 'node:fs'

/**
 * Standard output. What is no terminal gets many lines at once: a call for each would cost as much as what they tell of.
 * Never throws: a full disk must not end an apply between two steps.
 */
export class Output {
  #waiting = ''
  #isScheduled = false
  #isFile: boolean | undefined
  #failure: Error | undefined

  /** Why something of the output is lost, if it is; what follows is dropped then. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Takes a text, or UTF-8. */
  write(text: string | Uint8Array): void {
    if (typeof text !== 'string' || process.stdout.isTTY) {
      this.flush()
      return this.#put(text)
    }
    if (!this.#isScheduled) this.#flushSoon()
    this.#waiting += text
    if (this.#waiting.length > enough) this.flush()
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting !== '') this.#put(this.#waiting)
    this.#waiting = ''
  }

  /** As soon as this process has nothing else to do; at the latest when it ends. */
  #flushSoon(): void {
    this.#isScheduled = true
    const flush = (): void => {
      this.#isScheduled = false
      process.off('exit', flush)
      this.flush()
    }
    process.once('exit', flush)
    setImmediate(flush)
  }

  #put(text: string | Uint8Array): void {
    if (this.#failure) return
    this.#isFile ??= isFile(standardOutput)
    // Who has put a function of their own there, as scripts/demo.mjs, wants to have the text.
    if (!this.#isFile || Object.hasOwn(process.stdout, 'write')) return void process.stdout.write(text)
    try {
      writeAll(standardOutput, text)
    } catch (error) {
      this.#failure = error as Error
    }
  }
}

/** Characters. */
const enough = 8192

const standardOutput = 1

/** A file or a device, and no pipe, socket or terminal. */
function isFile(fd: number): boolean {
  const stat = fstatSync(fd)
  return !stat.isFIFO() && !stat.isSocket() && !process.stdout.isTTY
}

/** Node's own stream takes a part for the whole, as a disk that is nearly full accepts it. */
function writeAll(fd: number, text: string | Uint8Array): void {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}
