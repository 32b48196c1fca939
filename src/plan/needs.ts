import type { Address } from '../model/address.ts'
import type { Resource, State } from '../model/state.ts'

/** The stack's own objects that one refers to: a link its program, a program its maps, an array the programs in its slots. */
export function needsOf(resource: Resource): readonly Address[] {
  const named = namesIn(resource).filter((it): it is Address => !it.includes('#') && !it.startsWith('/'))
  return [...new Set(named)]
}

function namesIn(resource: Resource): readonly string[] {
  switch (resource.kind) {
    case 'link': {
      const { program, target } = resource
      return target.kind === 'iter' && target.map ? [program, target.map] : [program]
    }
    case 'program':
      return [...resource.maps, ...(resource.load?.attachProgram ? [resource.load.attachProgram] : [])]
    case 'map':
      return 'slots' in resource.contents ? [...resource.contents.slots.values()] : []
  }
}

/** Who needs whom: all that these objects cannot be without, each with the one that needs it. */
export function closureOf(
  { resources }: Pick<State, 'resources'>,
  roots: Iterable<Address>,
): ReadonlyMap<Address, Address | undefined> {
  const found = new Map<Address, Address | undefined>([...roots].map((root) => [root, undefined]))
  // A map that grows while it is walked is walked to its end.
  for (const [address] of found) {
    const resource = resources.get(address)
    for (const need of resource ? needsOf(resource) : [])
      if (!found.has(need) && resources.has(need)) found.set(need, address)
  }
  return found
}
