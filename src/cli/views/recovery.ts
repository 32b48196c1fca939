import type { planRecovery } from '../../index.ts'
import type { Paint } from '../terminal.ts'

type Recovery = NonNullable<ReturnType<typeof planRecovery>>

/** What is done about each thing that a crash left. */
const phrases: Readonly<Record<Recovery['leftover'][number], string>> = {
  destroy: 'finish an interrupted destroy',
  publish: 'publish the new generation, which every link already runs',
  'switch-back': 'switch the links back and remove the new generation',
  discard: 'remove a new generation that no link runs',
  retire: 'finish with the old generation',
}

/** Says what was interrupted and what an apply does about it first; ends in a line break. */
export function renderRecovery(recovery: Recovery, paint: Paint): string {
  const todo = recovery.leftover.map((leftover) => phrases[leftover]).join(', then ')
  return `${paint('yellow', 'An interrupted run was found:')} pinfold apply will first ${todo}.\n`
}
