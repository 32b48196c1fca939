import { readFileSync } from 'node:fs'

/** A file's bytes as a plain Uint8Array: `slice` of a Buffer would share its memory instead of copying it. */
export function readBytes(file: string): Uint8Array {
  const { buffer, byteOffset, length } = readFileSync(file)
  return new Uint8Array(buffer, byteOffset, length)
}
