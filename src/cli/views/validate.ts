import type { DesiredState } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { counted } from './text.ts'

/** One line that says what the manifest declares. */
export function renderValid(file: string, desired: DesiredState, paint: Paint): string {
  const { map, program, link } = countKinds(desired)
  const what = [counted(map, 'map'), counted(program, 'program'), counted(link, 'link')].join(', ')
  return `${paint('green', 'Valid:')} ${file} declares stack ${desired.stack} with ${what}.\n`
}

/** The same as a document. */
export const validDocument = (file: string, desired: DesiredState): object => ({
  type: 'valid',
  file,
  stack: desired.stack,
  digest: desired.digest,
  addresses: [...desired.resources.keys()],
})

function countKinds(desired: DesiredState): Record<'map' | 'program' | 'link', number> {
  const counts = { map: 0, program: 0, link: 0 }
  for (const { kind } of desired.resources.values()) counts[kind]++
  return counts
}
