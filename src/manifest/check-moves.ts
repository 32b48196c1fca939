import type { CheckContext, Found } from './complain.ts'
import { childrenOf, nodeAt, textAt } from './source-tree.ts'

/** Checks the rows of `moved:` by themselves: both ends of one kind, and no end in two rows. */
export function* checkMoves({ root }: CheckContext): Iterable<Found> {
  const ends = new Map<string, string>()
  for (const row of childrenOf(nodeAt(root, ['moved'])).keys()) {
    const place = ['moved', Number(row)] as const
    const [from, to] = [textAt(root, [...place, 'from']), textAt(root, [...place, 'to'])]
    if (from === undefined || to === undefined) continue
    if (from.includes('.') && to.includes('.') && kindOf(from) !== kindOf(to)) {
      const detail = `${from} cannot become ${to}: an object stays of its kind.`
      yield ['M028', { path: [...place, 'to'], detail, hint: `write ${kindOf(from)}. and the new name` }]
    }
    for (const [key, address] of [['from', from] as const, ['to', to] as const]) {
      const first = ends.get(address)
      ends.set(address, row)
      if (first === undefined) continue
      const detail = `${address} is an end of two moves.`
      yield ['M028', { path: [...place, key], detail, hint: 'write one row, from the first address to the last' }]
    }
  }
}

const kindOf = (address: string): string => address.slice(0, address.indexOf('.'))
