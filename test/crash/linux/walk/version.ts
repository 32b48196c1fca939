import type { Answer } from '../observer.ts'
import type { Answers } from '../versions.ts'
import type { Random } from './random.ts'

export type Defines = Readonly<Record<string, number>>

/** `a` has most of everything; `b` borrows from it. */
export type StackName = 'a' | 'b'

export type Hook = 'xdp' | 'tcx' | 'trace' | 'cgroup' | 'other'

/** What one manifest of the walk says. */
export interface WalkVersion {
  readonly stack: StackName
  /** Of the one object; another number is another code. */
  readonly defines: Defines
  /** Of a second object, from which callee1 and the tc programs come; undefined: there is only one. */
  readonly side: Defines | undefined
  readonly hooks: readonly Hook[]
  /** Of the array `calls`. */
  readonly slots: readonly (null | 'callee0' | 'callee1')[]
  /** The array behind callee0: filled, empty, somebody else's with a slot of ours in it, or somebody else's. */
  readonly deep: 'filled' | 'empty' | 'taken' | 'theirs'
  readonly inPlace: boolean
  readonly history: number
  readonly onReplace: 'overlap' | 'gap'
  /** callee0 and the XDP link have other names. */
  readonly renamed: boolean
  /** A constant that is added to the entry program's version. */
  readonly bias: number
  /** Which of `outerPins`. */
  readonly pins: readonly string[]
  readonly mode: '0700' | '0750'
  /** Whether a destroy keeps the map of counts. */
  readonly keeps: boolean
  /** Number of declared entries in it. */
  readonly entries: number
  /** What is taken from the stack `a`. */
  readonly borrows: 'nothing' | 'tc_calls' | 'state'
}

/** Where a walk begins. */
export const plain = (stack: StackName): WalkVersion => ({
  stack,
  defines: {},
  side: undefined,
  hooks: stack === 'a' ? ['xdp', 'tcx'] : ['other'],
  slots: ['callee0', 'callee1', null],
  deep: 'filled',
  inPlace: false,
  history: 1,
  onReplace: 'overlap',
  renamed: false,
  bias: 0,
  pins: [],
  mode: '0700',
  keeps: false,
  entries: 0,
  borrows: 'nothing',
})

const outerPins = ['x_calls', 'x_state', 'x_callee', 'x_link', 'dir/deep', 'dir/entry'] as const

/** Another version, a few changes away. */
export function changed(version: WalkVersion, random: Random): WalkVersion {
  let next = version
  for (let count = 1 + random.below(random.chance(30) ? 8 : 3); count > 0; count--)
    next = { ...next, ...random.pick(changes)(next, random) }
  return next
}

type Change = (version: WalkVersion, random: Random) => Partial<WalkVersion>

const numbers = ['ENTRY', 'CALLEE0', 'CALLEE1', 'LEAF', 'TC_ENTRY', 'TC_CALLEE', 'TRACE']

const renumber = (defines: Defines, random: Random): Defines => ({
  ...defines,
  [random.pick(numbers)]: 1 + random.below(2),
})

/** Maps of one name in two objects must be the same. */
const inBoth = ({ defines, side }: WalkVersion, change: (of: Defines) => Defines): Partial<WalkVersion> => ({
  defines: change(defines),
  side: side && change(side),
})

function toggled(name: string, { [name]: number, ...others }: Defines): Defines {
  return number === undefined ? { ...others, [name]: 1 } : others
}

const toggle =
  (name: string): Change =>
  (version) => {
    const { defines } = version
    const isOn = name in defines
    return inBoth(version, (of) => (name in of === isOn ? toggled(name, of) : of))
  }

const hooksOf: Readonly<Record<StackName, readonly Hook[]>> = { a: ['xdp', 'tcx', 'trace', 'cgroup'], b: ['other'] }

const changes: readonly Change[] = [
  ({ defines }, random) => ({ defines: renumber(defines, random) }),
  ({ defines }, random) => ({ defines: renumber(defines, random) }),
  ({ defines, side }, random) => ({ side: side ? renumber(side, random) : defines }),
  ({ defines, side }) => ({ side: side ? undefined : defines }),
  (version) => inBoth(version, (of) => ({ ...of, STATE_ENTRIES: of['STATE_ENTRIES'] === 128 ? 64 : 128 })),
  toggle('WIDE'),
  toggle('RENAMED'),
  ({ defines }) => ({ defines: toggled('CYCLE', defines) }),
  ({ stack, hooks }, random) => {
    const hook = random.pick(hooksOf[stack])
    return { hooks: hooks.includes(hook) ? hooks.filter((it) => it !== hook) : [...hooks, hook] }
  },
  ({ slots }, random) => {
    const slot = random.below(3)
    const held = random.pick([null, 'callee0', 'callee1'] as const)
    return { slots: slots.map((it, index) => (index === slot ? held : it)) }
  },
  (_, random) => ({ deep: random.pick(['filled', 'empty', 'taken', 'theirs'] as const) }),
  ({ inPlace }) => ({ inPlace: !inPlace }),
  (_, random) => ({ history: random.below(4) }),
  ({ onReplace }) => ({ onReplace: onReplace === 'gap' ? 'overlap' : 'gap' }),
  ({ renamed }) => ({ renamed: !renamed }),
  (_, random) => ({ bias: random.below(3) }),
  (_, random) => ({ pins: random.some(outerPins, 40) }),
  (_, random) => ({ mode: random.pick(['0700', '0750'] as const) }),
  ({ keeps }) => ({ keeps: !keeps }),
  (_, random) => ({ entries: random.below(3) }),
  ({ stack }, random) => (stack === 'b' ? { borrows: random.pick(['nothing', 'tc_calls', 'state'] as const) } : {}),
]

const missed = 255
const unanswered: readonly Answer[] = [0, 1, 2, 3].map(() => [0, 0])

/** Who answers on each hook; of undefined nobody. */
export function answersOf(version: WalkVersion | undefined): Answers {
  const has = (hook: Hook): boolean => version?.hooks.includes(hook) ?? false
  return {
    xdp: version && has('xdp') ? xdpAnswers(version) : unanswered,
    tcx: version && has('tcx') ? tcAnswers(version, 0) : unanswered,
    other: version && has('other') ? tcAnswers(version, 100) : unanswered,
  }
}

function xdpAnswers({ defines, side = defines, slots, deep, bias }: WalkVersion): readonly Answer[] {
  const isLeaf = deep === 'filled' || deep === 'taken'
  const callees = {
    callee0: isLeaf ? 50 + numberOf('LEAF', defines) : numberOf('CALLEE0', defines),
    callee1: 20 + numberOf('CALLEE1', side),
  }
  return [0, 1, 2, 3].map((index) => {
    const held = slots[index]
    return [numberOf('ENTRY', defines) + bias, held ? callees[held] : missed]
  })
}

const tcAnswers = ({ defines, side = defines }: WalkVersion, more: number): readonly Answer[] =>
  [0, 1, 2, 3].map((index) => [more + numberOf('TC_ENTRY', side), index === 0 ? numberOf('TC_CALLEE', side) : missed])

const numberOf = (name: string, of: Defines): number => of[name] ?? 1
