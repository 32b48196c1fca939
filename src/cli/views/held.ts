import { type Address, type CurrentState, kindOf, type Stray } from '../../index.ts'

/** Every pin of each map in any tree of a stack, relative to its directory, and elsewhere: what holds it when no process does. */
export function pinsOfMaps({ trees, outerPins = [] }: CurrentState): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>()
  const hold = (id: number, path: string): void => {
    const pins = found.get(id)
    if (pins) pins.push(path)
    else found.set(id, [path])
  }
  for (const { pins } of trees) for (const pin of pins) if (pin.kind === 'map') hold(pin.id, pin.path)
  for (const { path, found: pin } of outerPins) if (pin?.kind === 'map') hold(pin.id, path)
  return found
}

/** A pin outside of a stack's directory: what it was made for, and whether it still leads there. */
export interface Elsewhere {
  readonly path: string
  readonly address: Address
  /** The kernel id of what is there; undefined where nothing is. */
  readonly id: number | undefined
  readonly isOwn: boolean
}

/** The pins elsewhere of the live generation. */
export const pinsElsewhere = (stack: CurrentState): readonly Elsewhere[] =>
  Object.entries(stack.record?.pins ?? {}).map(([path, address]) => {
    const found = stack.outerPins?.find((pin) => pin.path === path)?.found
    const isOwn = found?.kind === kindOf(address) && found.id === idOf(stack, address)
    return { path, address, id: found?.id, isOwn }
  })

/** The kernel id of what an address or `#id` stands for; undefined where the stack has no such resource. */
export function idOf(stack: CurrentState, target: string): number | undefined {
  return target.startsWith('#') ? Number(target.slice(1)) : stack.resources.get(target as `map.${string}`)?.live?.id
}

/** What protection forbids to lose: `the whole stack`, and addresses of objects, by the record alone. */
export function protectedIn({ record }: CurrentState): readonly string[] {
  if (!record) return []
  const found: string[] = record.protect ? ['the whole stack'] : []
  for (const kind of ['map', 'program', 'link'] as const) {
    const rows = record[`${kind}s`]
    // Not by Object.entries: a large host has thousands of rows, and seldom one that is protected.
    for (const name in rows) if (rows[name]?.protect) found.push(`${kind}.${name}`)
  }
  return found
}

/** Whatever lies in a stack's directory that pinfold did not make. */
export const strangersIn = ({ trees, strays = [] }: CurrentState): readonly Stray[] => [
  ...trees.flatMap((tree) => tree.pins.filter((pin) => pin.kind === 'foreign')),
  ...strays,
]
