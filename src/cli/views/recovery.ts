import type { Leftover, RecoveryPlan } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { counted } from './text.ts'
import { aligned, renderTree } from './tree.ts'

/** What each leftover of a crash is, and what is done about it. */
const phrases: Readonly<Record<Leftover['todo'], string>> = {
  destroy: 'an interrupted destroy: it will be finished',
  publish: 'every link runs it already: it will be published',
  'finish-import': 'an interrupted import: it will be finished',
  'switch-back': 'some links run it already: they will be switched back, then it will be removed',
  discard: 'no link runs it: it will be removed',
  retire: 'its time is over: what it need not keep will be removed',
  merge: 'what was written into its migrated maps last will be carried over, then what it need not keep removed',
  clean: 'a record or copies of entries that have served their time: they will be removed',
}

/** Names what was interrupted and what is done about it, and who does it; ends in a line break. */
export function renderRecovery({ stack, leftovers }: Pick<RecoveryPlan, 'stack' | 'leftovers'>, paint: Paint): string {
  const rows = aligned(leftovers.map((leftover) => [leftover.tree, describe(leftover)]))
  const text = paint('yellow', 'An interrupted run was found:')
  const who = `pinfold apply does that first; pinfold recover ${stack} does nothing else.`
  return `${renderTree({ text, children: rows }).join('\n')}\n${who}\n`
}

function describe({ todo, generation, pins }: Leftover): string {
  const which = generation > 0 ? `generation ${generation}` : 'no record'
  return `${which}, ${counted(pins, 'pin')}; ${phrases[todo]}`
}
