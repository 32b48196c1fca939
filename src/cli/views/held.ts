import type { CurrentState, Stray } from '../../index.ts'

/** Every pin of each map in any tree of a stack, relative to its directory: what holds a map when no process does. */
export function pinsOfMaps(stack: CurrentState): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>()
  for (const pin of stack.trees.flatMap((tree) => tree.pins)) {
    if (pin.kind !== 'map') continue
    const pins = found.get(pin.id)
    if (pins) pins.push(pin.path)
    else found.set(pin.id, [pin.path])
  }
  return found
}

/** The kernel id of what an address or `#id` stands for; undefined where the stack has no such resource. */
export function idOf(stack: CurrentState, target: string): number | undefined {
  return target.startsWith('#') ? Number(target.slice(1)) : stack.resources.get(target as `map.${string}`)?.live?.id
}

/** Whatever lies in a stack's directory that pinfold did not make. */
export const strangersIn = ({ trees, strays = [] }: CurrentState): readonly Stray[] => [
  ...trees.flatMap((tree) => tree.pins.filter((pin) => pin.kind === 'foreign')),
  ...strays,
]
