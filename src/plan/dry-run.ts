import type { SystemGraph } from '../model/graph.ts'
import type { CurrentState, DesiredState, MapState, Resource } from '../model/state.ts'
import { makePlan } from './make-plan.ts'
import type { Plan } from './plan.ts'
import type { Operation } from './step.ts'

/** What a dry run does: the desired state that it makes, and the steps that the verifier needs. */
export interface DryRun {
  readonly desired: DesiredState
  readonly plan: Plan
}

/**
 * The part of a first apply that makes maps, fills data sections and loads programs, in its order: nothing is pinned, filled
 * or attached. Somebody else's maps are left alone: maps of the same shape stand in for them.
 */
export function planDryRun(desired: DesiredState): DryRun {
  const alone: DesiredState = {
    stack: desired.stack,
    generation: 0,
    resources: new Map(
      [...desired.resources].flatMap(([address, it]) => (it.kind === 'link' ? [] : [[address, standIn(it)]])),
    ),
    digest: desired.digest,
    btf: desired.btf,
  }
  const plan = makePlan(nothing(desired.stack), alone)
  return { desired: alone, plan: { ...plan, steps: plan.steps.filter(({ kind }) => needed.has(kind)) } }
}

/** Whether the verifier accepts a program depends on what is in frozen maps, so data is written as in an apply. */
const needed: ReadonlySet<Operation['kind']> = new Set(['create-map', 'write-data', 'freeze', 'load-program'])

function standIn(resource: Resource): Resource {
  if (resource.kind !== 'map') return resource
  const { foreignPath: _, live: __, ...map } = resource
  const contents: MapState['contents'] = map.contents.kind === 'data' ? map.contents : { kind: 'runtime' }
  return { ...map, owner: 'stack', pinned: true, contents }
}

const nothing = (stack: string): CurrentState => ({
  stack,
  generation: 0,
  resources: new Map(),
  directory: `/${stack}`,
  record: undefined,
  trees: [],
  graph,
})

const graph: SystemGraph = { roots: [], programs: new Map(), maps: new Map() }
