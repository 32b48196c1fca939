import { essentialName } from '../../btf/flavour.ts'
import type { BtfType } from '../btf/decode-type.ts'
import type { TypeSource } from '../btf/type-source.ts'
import type { AccessSpec } from './access-spec.ts'
import { isMatch, type Match } from './match-access.ts'

/** What the kernel does not have: `struct task_struct has no field \`state\``. */
export function describeMissing(local: AccessSpec, tried: readonly Match[]): string {
  const type = describeType(local.types, local.root)
  const failures = tried.flatMap((match) => (isMatch(match) ? [] : [match]))
  // Of several types the one that goes along farthest says best what is wrong.
  const [best] = failures.toSorted((a, b) => b.failedAt - a.failedAt)
  if (!best) return `there is no ${type}`
  if (local.basis === 'enumerator') return `${type} has no value ${essentialName(local.accessors[0]?.name ?? '')}`
  const path = pathOf(local, best.failedAt)
  switch (best.because) {
    case 'missing':
      return `${type} has no field ${path}`
    case 'type':
      return `field ${path} of ${type} has another type`
    case 'bounds':
      return `${path} of ${type} lies outside of the array`
  }
}

/** What an access is about: `field pid of struct task_struct`. */
export function describeSubject(local: AccessSpec): string {
  const type = describeType(local.types, local.root)
  const { basis, accessors } = local
  if (basis === 'enumerator') return `value ${essentialName(accessors[0]?.name ?? '')} of ${type}`
  return accessors.length > 1 ? `field ${pathOf(local, accessors.length)} of ${type}` : type
}

const words: Partial<Record<BtfType['kind'], string>> = { struct: 'struct ', union: 'union ', enum: 'enum ' }

/** As C names it, without a flavour. */
export function describeType(types: TypeSource, id: number): string {
  const type = types.get(id)
  const name = 'name' in type ? essentialName(type.name) : ''
  return `${words[type.kind] ?? ''}${name === '' ? `type ${id}` : name}`
}

/** Names and indices up to an accessor: `se.load.weight`, `comm[3]`. */
function pathOf({ accessors }: AccessSpec, last: number): string {
  const steps = accessors.slice(1, last + 1).map(({ name, index }) => (name === undefined ? `[${index}]` : `.${name}`))
  return steps.join('').replace(/^\./, '')
}
