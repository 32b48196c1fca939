import { lintRules } from '../model/lint-rules.ts'
import { nearest } from '../util/nearest.ts'
import type { CheckContext, Found } from './complain.ts'
import { childrenOf, nodeAt, textAt } from './source-tree.ts'

/** Checks the rows of `silence:`: codes of warnings, and a reason that is one. */
export function* checkSilences({ root }: CheckContext): Iterable<Found> {
  for (const row of childrenOf(nodeAt(root, ['silence'])).keys()) {
    const place = ['silence', Number(row)] as const
    const [code, reason] = [textAt(root, [...place, 'code']), textAt(root, [...place, 'reason'])]
    if (code !== undefined && /^[A-Z][0-9]{3}$/.test(code) && !lintRules[code]?.silences) {
      const detail = `${code} is no warning that can be silenced.`
      yield ['M243', { path: [...place, 'code'], detail, hint: hintFor(code) }]
    }
    if (reason !== undefined && reason.trim().split(/\s+/).length < fewestWords) {
      const detail = `"${reason}" does not say why the warning is accepted: write at least ${fewestWords} words.`
      yield ['M244', { path: [...place, 'reason'], detail, hint: 'it is shown in every plan, to those who review it' }]
    }
  }
}

const fewestWords = 3

function hintFor(code: string): string {
  const known = Object.keys(lintRules).filter((it) => lintRules[it]?.silences)
  const guess = nearest(code, known)
  return guess === undefined ? list : `did you mean "${guess}"? ${list}`
}

const list = 'docs/lint.md lists those that can be'
