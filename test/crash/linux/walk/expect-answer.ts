import type { Answers } from '../versions.ts'
import { answersOf, type WalkVersion } from './version.ts'

/** Throws unless a hook answers as one of these versions does; undefined: as nobody does. */
export function expectAnswer(hook: keyof Answers, found: Answers, by: readonly (WalkVersion | undefined)[]): void {
  const expected = [...new Set(by.flatMap(asBorrowed).map((version) => JSON.stringify(answersOf(version)[hook])))]
  const answer = JSON.stringify(found[hook])
  if (!expected.includes(answer)) throw new Error(`${hook} answers ${answer} and not ${expected.join(' or ')}`)
}

/** Whose callee is in a borrowed array its owner decides. */
function asBorrowed(version: WalkVersion | undefined): (WalkVersion | undefined)[] {
  if (version?.borrows !== 'tc_calls') return [version]
  const { defines, side = defines } = version
  return [1, 2].map((TC_CALLEE) => ({ ...version, side: { ...side, TC_CALLEE } }))
}

/** A slot in somebody else's array is changed in place, before the links are switched. */
export const onTheWay = (version: WalkVersion | undefined): (WalkVersion | undefined)[] =>
  version?.deep === 'taken' || version?.deep === 'theirs'
    ? [
        { ...version, deep: 'taken' },
        { ...version, deep: 'theirs' },
      ]
    : [version]
