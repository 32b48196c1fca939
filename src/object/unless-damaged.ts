import { ObjectError } from '../model/errors.ts'

/** What is read of an object; undefined where that is damaged, for those to whom that is no news. */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof ObjectError) return undefined
    throw error
  }
}
