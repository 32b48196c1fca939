import { closeSync, fsyncSync, lstatSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'

/** Writes a file (mode 0600) that is there whole or not at all, in the place of one that was there. Throws as node:fs does. */
export function replaceFile(file: string, text: string): void {
  refuseOthers(file)
  const temporary = `${file}.${process.pid}`
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    try {
      writeFileSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, file)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  }
}

/** A rename would put a file in the place of a device. */
function refuseOthers(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found && !found.isFile()) throw new Error('there is something else than a file')
}
