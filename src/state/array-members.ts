import type { MapAddress, ProgramAddress } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { LoadAttributes } from '../model/program-spec.ts'
import { type AttachType, attachTypeNumber, type ProgramType } from '../model/program-types.ts'
import type { MapState, ProgramState } from '../model/state.ts'
import { complaint } from './codes.ts'

/**
 * Checks that the members and callers of every program array agree on what the kernel compares: program type, expected
 * attach type and function, the flags for sleepable and multi-buffer programs, and cgroup storage. The kernel itself would only
 * say EINVAL. Pure.
 */
export function checkArrays(maps: readonly MapState[], programs: readonly ProgramState[]): Diagnostic[] {
  const byAddress = new Map(programs.map((program) => [program.address, program]))
  const storages = new Set(maps.filter(({ shape }) => storageTypes.has(shape.type)).map(({ address }) => address))
  return maps
    .filter(({ shape }) => shape.type === 'prog_array')
    .flatMap((array) => {
      const all = participants(array, programs, byAddress)
      const found = checkArray(array, all)
      return found.length > 0 ? found : checkStorages(array, all, storages)
    })
}

interface Participant {
  readonly program: ProgramState
  /** `calls it`, `is in slot 3`. */
  readonly role: string
}

const storageTypes: ReadonlySet<string> = new Set(['cgroup_storage', 'percpu_cgroup_storage'])

function checkArray(array: MapState, [first, ...others]: readonly Participant[]): Diagnostic[] {
  if (!first) return []
  const { ownerType } = array.live ?? {}
  const wrong = [first, ...others].find(({ program }) => ownerType && program.load && program.load.type !== ownerType)
  if (ownerType && wrong) return [isForAnother(array, wrong, ownerType)]
  return others.flatMap((other) => {
    const differing = disagreement(first.program.load, other.program.load)
    return differing === undefined ? [] : [disagree(array, { first, other, differing })]
  })
}

/**
 * Programs that call one another use the same cgroup storage, or the called one none (Linux 6.17). What the first one loaded
 * uses decides, so the callers must all use it.
 */
function checkStorages(array: MapState, all: readonly Participant[], storages: ReadonlySet<MapAddress>): Diagnostic[] {
  const storageOf = ({ program }: Participant): string =>
    program.maps.filter((map) => storages.has(map as MapAddress)).join(', ')
  const first = all.find((it) => storageOf(it) !== '')
  const isCaller = ({ program }: Participant): boolean => program.maps.includes(array.address)
  const other = first && all.find((it) => storageOf(it) !== storageOf(first) && (storageOf(it) !== '' || isCaller(it)))
  if (!other) return []
  const text = (it: Participant): string => (storageOf(it) === '' ? 'no cgroup storage' : `storage ${storageOf(it)}`)
  return [disagree(array, { first, other, differing: [text(first), text(other)] })]
}

/** Members first: what a slot holds decides for the callers. */
function participants(
  array: MapState,
  programs: readonly ProgramState[],
  byAddress: ReadonlyMap<ProgramAddress, ProgramState>,
): Participant[] {
  const slots = array.contents.kind === 'slots' ? [...array.contents.slots] : []
  const members = slots.flatMap(([index, address]): Participant[] => {
    const program = byAddress.get(address as ProgramAddress)
    return program ? [{ program, role: `is in slot ${index}` }] : []
  })
  const callers = programs
    .filter((program) => program.maps.includes(array.address satisfies MapAddress))
    .map((program): Participant => ({ program, role: 'calls it' }))
  const distinct = new Map<ProgramAddress, Participant>()
  for (const each of [...members, ...callers]) {
    if (!distinct.has(each.program.address)) distinct.set(each.program.address, each)
  }
  return [...distinct.values()]
}

const BPF_F_SLEEPABLE = 1 << 4
const BPF_F_XDP_HAS_FRAGS = 1 << 5

/** What the kernel compares of each, for people where they differ. */
function disagreement(a: LoadAttributes | undefined, b: LoadAttributes | undefined): [string, string] | undefined {
  if (!a || !b) return undefined
  if (a.type !== b.type) return [a.type, b.type]
  if (a.attachTo !== b.attachTo) return [functionText(a), functionText(b)]
  if (expected(a.attachType) !== expected(b.attachType)) return [attachText(a.attachType), attachText(b.attachType)]
  const flags = [
    { flag: BPF_F_SLEEPABLE, set: 'sleepable', clear: 'not sleepable' },
    { flag: BPF_F_XDP_HAS_FRAGS, set: 'multi-buffer (xdp.frags)', clear: 'single-buffer' },
  ]
  const found = flags.find(({ flag }) => (a.flags & flag) !== (b.flags & flag))
  return found && [a.flags & found.flag ? found.set : found.clear, b.flags & found.flag ? found.set : found.clear]
}

/** None and the first of the enumeration are one number to the kernel. */
const expected = (type: AttachType | undefined): number => (type === undefined ? 0 : attachTypeNumber(type))

const functionText = ({ attachTo }: LoadAttributes): string => (attachTo ? `for ${attachTo}` : 'for no kernel function')

const attachText = (type: AttachType | undefined): string => (type ? `attach type ${type}` : 'no attach type')

/** Somebody else's array takes what its first program was. */
function isForAnother(array: MapState, { program, role }: Participant, ownerType: ProgramType): Diagnostic {
  return complaint('O203', {
    detail: `cannot share ${array.address}: it takes ${ownerType} programs, and ${program.address} (${program.load?.type}) ${role}`,
    hint: 'the members and callers of a program array must be of one kind: use an array for each',
    address: array.address,
    at: program.at ?? array.at,
  })
}

interface Disagreement {
  readonly first: Participant
  readonly other: Participant
  readonly differing: readonly [string, string]
}

function disagree(array: MapState, { first, other, differing }: Disagreement): Diagnostic {
  const [a, b] = [first.program.address, other.program.address]
  return complaint('O203', {
    detail: `cannot share ${array.address}: ${a} (${differing[0]}) ${first.role}, and ${b} (${differing[1]}) ${other.role}`,
    hint: 'the members and callers of a program array must be of one kind: use an array for each',
    address: array.address,
    at: other.program.at ?? array.at,
  })
}
