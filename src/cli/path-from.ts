import { relative, resolve } from 'node:path'

/** A file's path as short as it can be said from a directory: absolute where it lies far away. */
export function pathFrom(directory: string, file: string): string {
  const path = relative(directory, resolve(file))
  return path.startsWith('../../') ? resolve(file) : path
}
