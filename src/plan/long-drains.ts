import type { Diagnostic } from '../model/diagnostic.ts'
import type { CurrentState, MapState, ProgramState, Resource } from '../model/state.ts'
import type { Change } from './change.ts'
import { planCodes } from './codes.ts'
import { drainOf, isSleepable } from './sleepers.ts'
import { cancelsTimers } from './user-references.ts'

/** Outgoing objects through which old code may run on after the RCU grace period, and what is done about each. */
export function longDrains(changes: readonly Change[], current: CurrentState): readonly Diagnostic[] {
  return changes.flatMap(({ address, action }) => {
    const live = current.resources.get(address)
    const detail = live && goes(action, live.kind) ? whyLong(live, current) : undefined
    const { code, summary } = planCodes.longDrain
    return detail === undefined ? [] : [{ severity: 'warning', code, summary, detail, address } as const]
  })
}

const goes = (action: Change['action'], kind: string): boolean =>
  action === 'replace' || action === 'delete' || (action === 'update' && kind === 'program')

function whyLong(live: Resource, current: CurrentState): string | undefined {
  if (live.kind === 'program') return sleepy(live, current)
  return live.kind === 'map' ? carriesOn(live) : undefined
}

function sleepy({ address, load }: ProgramState, { record }: CurrentState): string | undefined {
  if (!isSleepable(load)) return undefined
  const seconds = drainOf(record) / 1000
  return `${address} may sleep: its old version can run on after the switch. An array that it uses is emptied ${seconds} s after the grace period ("drainSeconds").`
}

function carriesOn({ address, shape, layout }: MapState): string | undefined {
  const until = 'the arrays that those programs use are kept until the programs are gone'
  if (shape.type === 'cpumap')
    return `${address} is a cpumap: packets queued in it are still handed to its old programs; ${until}.`
  if (cancelsTimers(layout))
    return `${address} has timers, whose old callbacks may fire until the map is gone; ${until}.`
  return undefined
}
