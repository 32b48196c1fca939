import type { Address, DesiredState } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { counted } from './text.ts'

/** One line that says what the manifest declares, and with --btf a line for everything that the kernel lacks. */
export function renderValid(file: string, desired: DesiredState, paint: Paint): string {
  const { map, program, link } = countKinds(desired)
  const what = [counted(map, 'map'), counted(program, 'program'), counted(link, 'link')].join(', ')
  const first = `${paint('green', 'Valid:')} ${file} declares stack ${desired.stack} with ${what}.\n`
  return first + lacksOf(desired).map(renderLack).join('')
}

/** What `validate` says of a manifest that is right. */
export interface ValidDocument {
  readonly type: 'valid'
  readonly version: 1
  /** The manifest, as the command line has it. */
  readonly file: string
  /** The stack that it declares. */
  readonly stack: string
  /** SHA-256 of the manifest's text after interpolation. */
  readonly digest: string
  /** Everything that it declares. */
  readonly addresses: readonly Address[]
  /** What the kernel of --btf does not have and programs use; empty without --btf. */
  readonly lacks: readonly Lack[]
}

/** The same as a document. */
export const validDocument = (file: string, desired: DesiredState): ValidDocument => ({
  type: 'valid',
  version: 1,
  file,
  stack: desired.stack,
  digest: desired.digest(),
  addresses: [...desired.resources.keys()],
  lacks: lacksOf(desired),
})

/** Something of the kernel's that a program uses and that it does not have. */
export interface Lack {
  /** The program. */
  readonly address: Address
  /** `struct task_struct has no field state`. */
  readonly missing: string
  /** Where the program uses it. */
  readonly sources: readonly string[]
}

const renderLack = ({ address, missing, sources }: Lack): string =>
  `  ${address}: ${missing}; it must not come there${sources.length > 0 ? ` (${sources.join(', ')})` : ''}\n`

function lacksOf({ resources }: DesiredState): readonly Lack[] {
  return [...resources.values()].flatMap((resource) => {
    const poisoned = (resource.kind === 'program' ? resource.poisoned : undefined) ?? []
    return [...new Set(poisoned.map(({ missing }) => missing))].map((missing) => {
      const sources = poisoned.flatMap((one) => (one.missing === missing && one.source ? [one.source] : []))
      return { address: resource.address, missing, sources: [...new Set(sources)] }
    })
  })
}

function countKinds(desired: DesiredState): Record<'map' | 'program' | 'link', number> {
  const counts = { map: 0, program: 0, link: 0 }
  for (const { kind } of desired.resources.values()) counts[kind]++
  return counts
}
