import { closeSync, fstatSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/**
 * Standard output, past Node's stream of it, which takes 3 ms to make. What is no terminal gets many lines at once: a call for each
 * would cost as much as what they tell of. Never throws: a full disk must not end an apply between two steps.
 */
export class Output {
  #waiting = ''
  #isScheduled = false
  #failure: Error | undefined
  #isClosed = false

  /** Why something of the output is lost, if it is; what follows is dropped then. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Takes a text, or UTF-8. */
  write(text: string | Uint8Array): void {
    if (typeof text !== 'string' || isTerminal(standardOutput)) {
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
    if (this.#failure || this.#isClosed) return
    const replaced = replacedStream()
    if (replaced) return void replaced.write(text)
    try {
      writeAll(standardOutput, text)
    } catch (error) {
      // A reader such as `head` may leave early: what was begun is finished.
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') this.#isClosed = true
      else this.#failure = error as Error
    }
  }
}

/** Characters. */
const enough = 8192

const standardOutput = 1

/** What somebody put in the place of Node's stream, as scripts/demo.mjs does; Node's own is made by a getter. */
const replacedStream = (): NodeJS.WriteStream | undefined => Object.getOwnPropertyDescriptor(process, 'stdout')?.value

/** Whether somebody may look at it, which does not change. Node loads its sockets to tell, so what is clearly no terminal is not asked about. */
export function isTerminal(fd: number): boolean {
  const known = terminals.get(fd) ?? isTerminalNow(fd)
  terminals.set(fd, known)
  return known
}

const terminals = new Map<number, boolean>()

const isTerminalNow = (fd: number): boolean => mayBeTerminal(fd) && isatty(fd)

function mayBeTerminal(fd: number): boolean {
  const stat = fstatSync(fd)
  return stat.isCharacterDevice() && stat.rdev >> 8 !== memoryDevices
}

/** The major number of /dev/null and its like. */
const memoryDevices = 1

/** Closes what was a terminal and is gone: Node would ask it for its modes back at the end, and abort. */
export function letGoOfTerminals(): void {
  for (const fd of [0, 1, 2]) if (mayBeTerminal(fd) && !isatty(fd)) closeSync(fd)
}

/** A disk that is nearly full takes a part; a pipe that somebody made non-blocking wants to be asked again. */
function writeAll(fd: number, text: string | Uint8Array): void {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  for (let at = 0; at < bytes.length; ) at += tryWrite(fd, bytes, at)
}

function tryWrite(fd: number, bytes: Uint8Array, at: number): number {
  try {
    return writeSync(fd, bytes, at)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(sleeper, 0, 0, retryAfter)
    return 0
  }
}

/** Milliseconds. */
const retryAfter = 2
const sleeper = new Int32Array(new SharedArrayBuffer(4))
