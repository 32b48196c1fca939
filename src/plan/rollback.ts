import { type Address, nameOf, programAddress } from '../model/address.ts'
import { PlanError } from '../model/errors.ts'
import { targetKey } from '../model/link-spec.ts'
import type { RecordedMap, StackRecord } from '../model/record.ts'
import type { CurrentState, DesiredState, MapState, ProgramState, Resource, Tree } from '../model/state.ts'
import { planCodes } from './codes.ts'
import { canReturn, formerTrees } from './history.ts'
import { recordedContents, recordedLinks, recordedLoad, recordedPins } from './recorded-state.ts'

type MapPin = Tree['pins'][number] & { readonly kind: 'map' }
type ProgramPin = Tree['pins'][number] & { readonly kind: 'program' }

/**
 * A former generation as a wanted state, its objects those that are still loaded: makePlan on it is a rollback, which swaps
 * links and trees, and loads nothing. Without a number the latest one. Throws a PlanError (P401) when it is not kept.
 */
export function formerState(current: CurrentState, generation?: number): DesiredState {
  const former = formerTrees(current).filter(canReturn)
  const tree = generation === undefined ? former[0] : former.find((it) => it.record?.generation === generation)
  const record = tree?.record
  if (!tree || !record) throw notKept(current, former, generation)
  const resources = [...mapsOf(tree, record), ...programsOf(tree, record, current), ...recordedLinks(record)]
  return {
    stack: current.stack,
    generation: 0,
    restores: record.generation,
    resources: new Map<Address, Resource>(resources.map((resource) => [resource.address, resource])),
    digest: () => record.manifest,
    btf: new Map(),
    // The history is a matter of the manifest that is live, not of the one that is restored.
    ...(current.record?.history ? { history: current.record.history } : {}),
    ...protection(record),
    ...(record.drain === undefined ? {} : { drain: record.drain }),
    ...(record.ownership ? { ownership: record.ownership } : {}),
    ...(record.pins ? { pins: recordedPins(record.pins) } : {}),
    ...movesTo(resources, current),
  }
}

/** What was protected then is again; what is protected now stays so. */
const protection = ({ protect }: { readonly protect?: true | undefined }): { readonly protect?: true } =>
  protect ? { protect } : {}

/** Objects that have been moved since: the same one by its id, or a link at the same place. */
function movesTo(former: readonly Resource[], { resources }: CurrentState): Pick<DesiredState, 'moved'> {
  const wanted = new Set(former.map(({ address }) => address))
  const left = [...resources.values()].filter(({ address }) => !wanted.has(address))
  const moved = former.flatMap((to) => {
    const from = resources.has(to.address) ? undefined : left.find((it) => isSame(it, to))
    return from ? [{ from: from.address, to: to.address }] : []
  })
  return moved.length > 0 ? { moved } : {}
}

function isSame(live: Resource, former: Resource): boolean {
  if (live.kind === 'link') return former.kind === 'link' && targetKey(live.target) === targetKey(former.target)
  return live.kind === former.kind && live.live !== undefined && live.live.id === former.live?.id
}

function notKept({ stack }: CurrentState, former: readonly Tree[], generation: number | undefined): PlanError {
  const kept = former.map((tree) => tree.record?.generation).join(', ')
  const what = generation === undefined ? 'no former generation is kept' : `generation ${generation} is not kept`
  return new PlanError(`cannot roll back ${stack}: ${what}`, {
    code: planCodes.notKept.code,
    hint: kept ? `kept: ${kept}` : 'the manifest says with "history:" how many former generations are kept',
  })
}

function mapsOf(tree: Tree, record: StackRecord): MapState[] {
  return tree.pins
    .filter((pin): pin is MapPin => pin.kind === 'map')
    .flatMap((pin) => {
      const recorded = record.maps[nameOf(pin.address)]
      return recorded ? [mapOf(pin, recorded)] : []
    })
}

function mapOf({ path, id, address, shape }: MapPin, recorded: RecordedMap): MapState {
  return {
    kind: 'map',
    address,
    name: nameOf(address),
    owner: recorded.owner,
    ...(recorded.foreignPath === undefined ? {} : { foreignPath: recorded.foreignPath }),
    shape: recorded.innerShape ? { ...shape, inner: recorded.innerShape } : shape,
    layout: recorded.layout,
    pinned: true,
    contents: recordedContents(recorded),
    onChange: 'replace',
    onSlotChange: 'in-place',
    ...(recorded.onDestroy && { onDestroy: recorded.onDestroy }),
    ...protection(recorded),
    live: { id, pins: [path] },
  }
}

function programsOf(tree: Tree, record: StackRecord, { graph }: CurrentState): ProgramState[] {
  const maps = new Map(tree.pins.flatMap((pin) => (pin.kind === 'map' ? [[pin.id as number, pin.address]] : [])))
  return tree.pins
    .filter((pin): pin is ProgramPin => pin.kind === 'program')
    .flatMap((pin) => {
      const name = nameOf(pin.address)
      const recorded = record.programs[name]
      if (!recorded) return []
      const used = graph.programs.get(pin.id)?.maps ?? []
      return {
        kind: 'program',
        address: programAddress(name),
        name,
        ...recordedLoad(recorded),
        maps: used.map((id) => maps.get(id) ?? (`#${id}` as const)),
        ...protection(recorded),
        live: { id: pin.id, pins: [pin.path], tag: '' },
      }
    })
}
