import { type Address, kindOf, nameOf, nextRef, type Ref } from '../model/address.ts'
import type { CurrentState, Tree } from '../model/state.ts'
import type { Operation } from './step.ts'

/** True for the staged tree of an import, which takes in what runs already: all that was staged may be live. */
export const isImport = (tree: Tree | undefined): boolean => tree?.record?.imports !== undefined

/** Ids of what an import has yet to take in, by reference. */
export const importedIds = (tree: Tree | undefined): Record<Ref, number> =>
  Object.fromEntries(missingIn(tree).map(([address, id]) => [nextRef(address), id]))

/**
 * What is left to do of an import that was killed: pin what is not pinned yet, by its id. Undefined where something has gone
 * meanwhile, so that there is nothing to finish.
 */
export function finishImport(tree: Tree, current: CurrentState): readonly Operation[] | undefined {
  const missing = missingIn(tree)
  if (!missing.every(([address, id]) => isAlive(address, id, current))) return undefined
  return missing.map(([address]) => ({ kind: 'pin', target: nextRef(address), path: pathIn(tree, address) }))
}

function missingIn(tree: Tree | undefined): readonly (readonly [Address, number])[] {
  const pinned = new Set(tree?.pins.flatMap((pin): string[] => ('address' in pin ? [pin.address] : [])))
  const imports = Object.entries(tree?.record?.imports ?? {}) as [Address, { readonly id: number }][]
  return imports.filter(([address]) => !pinned.has(address)).map(([address, { id }]) => [address, id])
}

function isAlive(address: Address, id: number, { graph }: CurrentState): boolean {
  switch (kindOf(address)) {
    case 'map':
      return [...graph.maps.keys()].some((it) => it === id)
    case 'program':
      return [...graph.programs.keys()].some((it) => it === id)
    case 'link':
      return graph.roots.some(({ link }) => link === id)
  }
}

const pathIn = ({ name }: Tree, address: Address): string => `${name}/${kindOf(address)}s/${nameOf(address)}`
