import { nameOf, type ProgramAddress } from '../../model/address.ts'
import type { Checkup } from '../../model/checkup.ts'
import type { GraphMap } from '../../model/graph.ts'
import type { ProgramId } from '../../model/ids.ts'
import type { DesiredState } from '../../model/state.ts'
import { type Declared, declaredArrays } from './declared.ts'
import { type Finding, finding, type Rescue } from './finding.ts'

/** Program arrays that a program uses and that nobody holds, that miss a declared slot, or that only others hold. */
export function examineArrays(checkup: Checkup, wanted: DesiredState | undefined): readonly Finding[] {
  const declared = declaredArrays(checkup, wanted)
  return [...checkup.graph.maps.values()].flatMap((array) => {
    if (array.type !== 'prog_array') return []
    const users = [...checkup.graph.programs.values()].filter((program) => program.maps.includes(array.id))
    if (users.length === 0) return []
    return examineArray({ checkup, array, users: users.map(({ id }) => id), declared: declared.get(array.id) })
  })
}

interface Examined {
  readonly checkup: Checkup
  readonly array: GraphMap
  readonly users: readonly ProgramId[]
  readonly declared: Declared | undefined
}

function examineArray(examined: Examined): Finding[] {
  const { checkup, array, declared } = examined
  const pins = checkup.pins.filter((pin) => pin.kind === 'map' && pin.id === array.id)
  const processes = checkup.descriptors.get(array.id) ?? []
  const isHeld = pins.length > 0 || processes.length > 0
  // One with something in it has a holder, if out of sight.
  if (!isHeld && array.programs.size === 0) return [unheld(examined)]
  if (!declared) return []
  if (declared.isStack && !pins.some((pin) => pin.path === declared.path)) return [missingPin(examined, processes)]
  const empty = Object.keys(declared.slots).filter((index) => !array.programs.has(Number(index)))
  return empty.length > 0 && declared.isStack ? [emptySlots(examined, empty)] : []
}

function unheld(examined: Examined): Finding {
  const { checkup, array, users, declared } = examined
  const who = users.map((id) => `#${id}${isRunning(checkup, id) ? '' : ' (which no link runs)'}`).join(', ')
  const severity = users.some((id) => isRunning(checkup, id)) ? 'error' : 'warning'
  return finding('unheldArray', severity, {
    detail: `Array #${array.id} (${array.name}) is used by program ${who}, but no pin and no process holds it and all its slots are empty: every tail call through it falls through.`,
    ...about(declared),
    ...remedy(examined),
  })
}

function missingPin(examined: Examined, processes: readonly number[]): Finding {
  const { array, declared } = examined
  const others = processes.length > 0 ? `process ${processes.join(', ')}` : 'pins outside of the stack'
  return finding('missingPin', 'error', {
    detail: `${declared?.address} (#${array.id}) has no pin at ${declared?.path} any more: it is held by ${others} only.`,
    ...about(declared),
    ...remedy(examined),
  })
}

function emptySlots(examined: Examined, empty: readonly string[]): Finding {
  const { array, declared } = examined
  const slots = empty.map((index) => `${index} (${declared?.names[index] ?? '?'})`).join(', ')
  return finding('emptySlot', 'error', {
    detail: `${declared?.address} (#${array.id}) has nothing in slot ${slots}: the tail calls to it fall through.`,
    ...about(declared),
    ...remedy(examined),
  })
}

const about = (declared: Declared | undefined): Pick<Finding, 'stack' | 'address'> =>
  declared ? { address: declared.address, ...(declared.isStack ? { stack: declared.stack } : {}) } : {}

/** A rescue where it is known what the array held and all of that still lives; else the advice. */
function remedy({ array, declared }: Examined): Pick<Finding, 'repair' | 'hint'> {
  if (!declared) {
    const hint =
      'its owner has to load it again; `pinfold doctor -f MANIFEST` rescues it where a manifest tells its slots'
    return { hint }
  }
  const gone = Object.keys(declared.names).filter((index) => declared.slots[index] === undefined)
  if (gone.length > 0) {
    const names = gone.map((index) => nameOf(declared.names[index] as ProgramAddress)).join(', ')
    return { hint: `${names} cannot be found any more: pinfold apply loads it again` }
  }
  const repair: Rescue = {
    kind: 'rescue',
    array: array.id,
    name: nameOf(declared.address),
    path: declared.path,
    slots: declared.slots,
  }
  return { repair }
}

/** True for what a link, or an attachment that was asked for, leads to; others may be attached where nobody looked. */
function isRunning({ graph }: Checkup, program: ProgramId): boolean {
  const seen = new Set<number>()
  const pending = graph.roots.filter((root) => !root.severed).map((root) => root.program)
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (id === program) return true
    if (seen.has(id)) continue
    seen.add(id)
    for (const map of graph.programs.get(id)?.maps ?? [])
      pending.push(...(graph.maps.get(map)?.programs.values() ?? []))
  }
  return false
}
