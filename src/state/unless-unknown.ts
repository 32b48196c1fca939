import type { Address } from '../model/address.ts'
import { KernelError } from '../model/errors.ts'
import { complain, type Place, type Reading } from './desired-reading.ts'

/** What is linked: `verb` stands before what is wrong, `cannot load program.x`. */
interface Linking extends Place {
  readonly verb: string
  readonly address?: Address
}

/** What linking comes to; undefined, with a complaint, where it asks for what the snapshot of a kernel does not have. */
export function unlessUnknown<T>(reading: Reading, { verb, ...place }: Linking, link: () => T): T | undefined {
  try {
    return link()
  } catch (error) {
    if (!isUnknown(error)) throw error
    const what = error.message.replace(/^cannot /, 'pinfold cannot ')
    complain(reading, error.code, { detail: `${verb}: ${what}`, hint: error.hint, ...place })
    return undefined
  }
}

/** What a snapshot does not have is asked for where it is needed, and said there. */
export const isUnknown = (error: unknown): error is KernelError & { readonly code: 'K111' | 'K112' } =>
  error instanceof KernelError && (error.code === 'K111' || error.code === 'K112')
