import type { Terminal } from './terminal.ts'
import { inOneDirection } from './views/text.ts'

/**
 * The same terminal, on which nothing turns the direction of reading: names and values are others' words, and with such
 * characters a plan would read as another one. The one place for that, since any view may show them.
 */
export function readInOneDirection(terminal: Terminal): Terminal {
  // Not a copy: of a process's terminal some fields cost time when they are first looked at.
  return Object.create(terminal, {
    write: {
      value: (text: string | Uint8Array) =>
        terminal.write(typeof text === 'string' ? inOneDirection(text) : bytes(text)),
    },
    warn: { value: (text: string) => terminal.warn(inOneDirection(text)) },
    ask: { value: (question: string) => terminal.ask(inOneDirection(question)) },
  })
}

/** Of much output the most is plain, and goes on as it is. */
function bytes(text: Uint8Array): Uint8Array | string {
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  return firstBytes.some((byte) => buffer.includes(byte)) ? inOneDirection(buffer.toString()) : text
}

/** In UTF-8, of the characters in question. */
const firstBytes = [0xd8, 0xe2]
