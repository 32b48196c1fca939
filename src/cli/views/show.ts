import {
  type CurrentState,
  describeTarget,
  instructionCount,
  type LinkState,
  type MapState,
  mapTypeRule,
  nameOf,
  type ProgramState,
} from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { type Elsewhere, idOf, pinsElsewhere, pinsOfMaps, protectedIn, strangersIn } from './held.ts'
import { counted, grouped } from './text.ts'
import { aligned, type Branch, renderTree } from './tree.ts'

/** A live stack as a tree: what each pin is, who holds each array, what each link is attached to. Ends in a line break. */
export const renderStack = (stack: CurrentState, paint: Paint): string =>
  `${renderTree(stackBranch(stack, paint)).join('\n')}\n`

function stackBranch(stack: CurrentState, paint: Paint): Branch {
  const all = [...stack.resources.values()]
  const holders = pinsOfMaps(stack)
  const state = stack.record?.phase === 'destroying' ? ' · a destroy was interrupted' : ''
  const awaits = stack.record?.awaits ? ' · awaits confirmation' : ''
  const record = withoutRecord(stack)
  const groups: readonly Branch[] = [
    { text: 'maps', children: aligned(all.filter((it) => it.kind === 'map').map((it) => mapRow(it, stack, holders))) },
    { text: 'programs', children: aligned(all.filter((it) => it.kind === 'program').map(programRow)) },
    { text: 'links', children: aligned(all.filter((it) => it.kind === 'link').map((it) => linkRow(it, stack, paint))) },
    { text: 'pins elsewhere', children: aligned(pinsElsewhere(stack).map(elsewhereRow)) },
    { text: 'protected', children: protectedIn(stack).map((text) => ({ text })) },
    { text: 'other trees', children: otherTrees(stack) },
    { text: record === '' ? 'not made by pinfold' : 'no record says whose', children: foreignPins(stack) },
  ]
  return {
    text: `${paint('bold', stack.stack)} · generation ${stack.generation} · ${stack.directory}${state}${awaits}${record}`,
    children: groups.filter((group) => (group.children ?? []).length > 0),
  }
}

type Row = readonly [name: string, text: string, children?: readonly Branch[]]

function mapRow(map: MapState, stack: CurrentState, holders: ReturnType<typeof pinsOfMaps>): Row {
  const { type, keySize, valueSize, maxEntries } = map.shape
  const id = map.live?.id ?? 0
  const owner = map.owner === 'foreign' ? `, owned by ${map.foreignPath ?? 'others'}` : ''
  const text = `${type} #${id}, key ${keySize} B, value ${valueSize} B, ${grouped(maxEntries)} max${owner}`
  return [nameOf(map.address), text, [...slotBranches(map, stack), ...holderBranch(map, holders.get(id) ?? [])]]
}

function slotBranches({ contents }: MapState, stack: CurrentState): Branch[] {
  if (contents.kind !== 'slots' && contents.kind !== 'inner') return []
  return [...contents.slots].map(([index, target]) => ({ text: `${index} -> ${named(target, stack)}` }))
}

/** Who keeps the map from being emptied; nothing for maps that keep their contents without a holder. */
function holderBranch({ shape }: MapState, pins: readonly string[]): Branch[] {
  if (mapTypeRule(shape.type).atLastUserReference === undefined) return []
  return [{ text: pins.length > 0 ? `held by ${pins.join(', ')}` : 'held by no pin' }]
}

function programRow(program: ProgramState): Row {
  const { live, load, code, maps } = program
  const size = code ? `, ${counted(instructionCount(code), 'instruction')}` : ''
  const uses = maps.length > 0 ? `, uses ${maps.map(bare).join(', ')}` : ''
  const swapped = live?.asRecorded === false ? ', not the one that was applied' : ''
  const text = `${load?.type ?? 'program'} #${live?.id ?? 0}, tag ${live?.tag ?? ''}${size}${uses}${swapped}`
  return [nameOf(program.address), text]
}

function linkRow(link: LinkState, stack: CurrentState, paint: Paint): Row {
  const gone = link.live?.severed ? paint('red', ', attached to nothing any more') : ''
  const text = `${describeTarget(link.target)}, link #${link.live?.id ?? 0}, runs ${named(link.program, stack)}${gone}`
  return [nameOf(link.address), text]
}

function elsewhereRow({ path, address, id, isOwn }: Elsewhere): Row {
  if (isOwn) return [path, `${address} #${id}`]
  return [path, id === undefined ? `${address}, but it is gone` : `${address}, but somebody replaced it by #${id}`]
}

function otherTrees({ trees }: CurrentState): Branch[] {
  return trees
    .filter((tree) => tree.name !== 'live')
    .map(({ name, record, pins }) => {
      const generation = record ? `generation ${record.generation}, ` : 'no record, '
      const isLeft = name === 'next' || (!record && pins.length === 0)
      const why = isLeft ? left : 'kept for a rollback, or for others that use it'
      return { text: `${name}  ${generation}${counted(pins.length, 'pin')}, ${why}` }
    })
}

const left = 'left by something that was interrupted (pinfold recover)'

/** Of a destroy that was killed at its end nothing but the live tree's directories is there. */
function withoutRecord({ record, trees }: CurrentState): string {
  const live = trees.find((tree) => tree.name === 'live')
  if (record || !live) return ''
  return live.pins.length === 0 && trees.length === 1 ? ` · ${left}` : ' · no record (pinfold doctor)'
}

const foreignPins = (stack: CurrentState): Branch[] =>
  strangersIn(stack).map(({ path, what }) => ({ text: `${path}  ${what}` }))

/** `parse_ipv4 #21`, `#41` for what belongs to others. */
const named = (target: string, stack: CurrentState): string =>
  target.startsWith('#') ? `${target} of others` : `${bare(target)} #${idOf(stack, target) ?? 0}`

const bare = (address: string): string => (address.startsWith('#') ? address : address.slice(address.indexOf('.') + 1))
