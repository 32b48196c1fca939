import type { CoreRelocation } from '../../model/program-spec.ts'
import type { BtfType } from '../btf/decode-type.ts'
import type { TypeSource } from '../btf/type-source.ts'
import type { ByteOrder } from '../cursor.ts'
import { type AccessSpec, readAccess } from './access-spec.ts'
import { findCandidates, type TargetTypes } from './candidates.ts'
import { CoreFailure } from './core-failure.ts'
import { describeMissing, describeSubject, describeType } from './describe.ts'
import { type Candidate, isMatch, type Match, matchAccess } from './match-access.ts'
import type { Verdict } from './patch.ts'
import { type AccessValue, calculate } from './value.ts'

/** What becomes of a relocation in a kernel. */
export type Resolution =
  | {
      readonly kind: 'decided'
      readonly verdict: Verdict
      /** What it is about: `field pid of struct task_struct`. */
      readonly subject: string
      /** What the kernel does not have, where that poisons the instruction: `struct task_struct has no field \`x\``. */
      readonly missing?: string
    }
  /** It is an error whether the instruction is reached or not. */
  | { readonly kind: 'failed' | 'ambiguous'; readonly what: string }

/** The relocations of one object. */
export interface RelocationSource {
  /** In the file's order. */
  readonly relocations: readonly CoreRelocation[]
  readonly types: TypeSource
  readonly byteOrder: ByteOrder
}

/**
 * Decides all relocations of an object at once, in the order of the file: candidates that one of them rules out are ruled out
 * for those behind it, as libbpf does it. Those of sections that are only loaded when named (`?`) come last.
 */
export function resolveRelocations(
  source: RelocationSource,
  target: TargetTypes,
): ReadonlyMap<CoreRelocation, Resolution> {
  const resolver = new Resolver(source, target)
  const isOptional = ({ section }: CoreRelocation): boolean => section.startsWith('?')
  const { relocations } = source
  const order = [...relocations.filter((it) => !isOptional(it)), ...relocations.filter(isOptional)]
  return new Map(order.map((relocation) => [relocation, resolver.resolve(relocation)]))
}

class Resolver {
  readonly #source: RelocationSource
  readonly #target: TargetTypes
  readonly #candidates = new Map<number, readonly Candidate[]>()

  constructor(source: RelocationSource, target: TargetTypes) {
    this.#source = source
    this.#target = target
  }

  resolve(relocation: CoreRelocation): Resolution {
    let subject = describeType(this.#source.types, relocation.typeId)
    try {
      const local = readAccess(relocation, this.#source.types)
      subject = describeSubject(local)
      return { kind: 'decided', subject, ...this.#decide(local) }
    } catch (error) {
      if (!(error instanceof CoreFailure)) throw error
      return { kind: error.kind, what: `${subject}: ${error.message}` }
    }
  }

  #decide(local: AccessSpec): Decision {
    if (local.kind === 'local-type-id') return { verdict: keep(local) }
    const type = this.#source.types.get(local.root)
    if (!('name' in type) || type.name === '')
      throw new CoreFailure('a type without a name cannot be looked up in a kernel')
    const before = this.#candidatesOf(local.root, type)
    const tried = before.map((candidate) => ({ candidate, match: matchAccess(local, candidate) }))
    const matching = tried.filter((one): one is Matching => isMatch(one.match))
    if (matching.length === 0) return this.#withoutTarget(local, tried)
    const verdict = this.#agree(local, matching)
    this.#candidates.set(
      local.root,
      matching.map(({ candidate }) => candidate),
    )
    return { verdict }
  }

  #candidatesOf(root: number, type: BtfType): readonly Candidate[] {
    const known = this.#candidates.get(root) ?? findCandidates(this.#target, type)
    this.#candidates.set(root, known)
    return known
  }

  /** Existence and size of what is not there are 0; nobody may execute what would use it. */
  #withoutTarget(local: AccessSpec, tried: readonly Tried[]): Decision {
    const { value: before, isCertain } = calculate(local, this.#source.byteOrder)
    const isQuestion = local.basis === 'type' || local.kind === 'field-exists' || local.kind === 'enumerator-exists'
    if (isQuestion) return { verdict: { kind: 'value', before, after: 0n, isCertain } }
    return {
      verdict: { kind: 'poison' },
      missing: describeMissing(
        local,
        tried.map(({ match }) => match),
      ),
    }
  }

  /** All types that match must give the same answer. */
  #agree(local: AccessSpec, matching: readonly Matching[]): Verdict {
    const ours = calculate(local, this.#source.byteOrder)
    const answers = matching.map(({ match }) => ({ match, theirs: calculate(match, this.#source.byteOrder) }))
    const [first] = answers
    if (!first) throw new CoreFailure('no type matches')
    for (const { match, theirs } of answers) {
      if (match.bitOffset === first.match.bitOffset && theirs.value === first.theirs.value) continue
      throw new CoreFailure(
        `the kernel has several types of that name, which differ (${describeDifference(first, { match, theirs })})`,
        'ambiguous',
      )
    }
    return verdictOf(ours, first.theirs)
  }
}

type Decision = { readonly verdict: Verdict; readonly missing?: string }

interface Tried {
  readonly candidate: Candidate
  readonly match: Match
}

interface Matching extends Tried {
  readonly match: AccessSpec
}

interface Answer {
  readonly match: AccessSpec
  readonly theirs: AccessValue
}

/** `byte 8 in type 114, byte 12 in type 9120`: ids as `bpftool btf dump` shows them. */
function describeDifference(a: Answer, b: Answer): string {
  const isPlace = a.match.bitOffset !== b.match.bitOffset
  const show = ({ match, theirs }: Answer): string =>
    `${isPlace ? placeOf(match.bitOffset) : theirs.value} in type ${match.root}`
  return `${show(a)}, ${show(b)}`
}

const placeOf = (bits: number): string => (bits % 8 === 0 ? `byte ${bits / 8}` : `bit ${bits}`)

const keep = ({ root }: AccessSpec): Verdict => ({
  kind: 'value',
  before: BigInt(root),
  after: BigInt(root),
  isCertain: false,
})

function verdictOf(
  { value: before, isCertain, memory: ours }: AccessValue,
  { value: after, memory: theirs }: AccessValue,
): Verdict {
  const sizes = { before: ours?.size ?? 0, after: theirs?.size ?? 0 }
  const verdict = { kind: 'value', before, after, isCertain } as const
  if (sizes.before === sizes.after) return verdict
  const isSafe = ours !== undefined && theirs !== undefined && canResize(ours.type, theirs.type)
  return { ...verdict, resized: isSafe ? sizes : { before: sizes.before, after: undefined } }
}

/** Pointers, and integers without a sign: a shorter load fills up with zeros, which keeps their value. */
function canResize(a: BtfType, b: BtfType): boolean {
  if (a.kind === 'pointer' && b.kind === 'pointer') return true
  return a.kind === 'int' && b.kind === 'int' && !a.signed && !b.signed
}
