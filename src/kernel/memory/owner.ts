import type { LoadAttributes } from '../../model/program-spec.ts'
import type { ProgramType } from '../../model/program-types.ts'

const sleepable = 0x10
const frags = 0x20

/** What has to be equal for the callers and members of one program array, as text; the JIT is on for all. */
export const ownerOf = ({ type, attachType, flags, attachTo = '' }: LoadAttributes): string =>
  `${type}/${attachType ?? 'cgroup_inet_ingress'}/${flags & (sleepable | frags)}/${attachTo}`

/** The program type within such a text. */
export const ownerTypeOf = (owner: string): ProgramType => owner.slice(0, owner.indexOf('/')) as ProgramType
