import type { Address } from '../model/address.ts'
import type { Move, Resource } from '../model/state.ts'
import { nearest } from '../util/nearest.ts'
import { complain, type Reading } from './desired-reading.ts'

/** The moves of the manifest; what moves must be declared under its new address, and no longer under the old one. */
export function readMoves(reading: Reading, resources: ReadonlyMap<Address, Resource>): readonly Move[] {
  const known = [...resources.keys()]
  // What has a mistake of its own is missing here too.
  const isWhole = reading.complaints.length === 0
  return reading.loaded.manifest.moved.map(({ from, to }, row) => {
    const path = ['moved', row]
    if (resources.has(from)) {
      const detail = `cannot move ${from}: it is still declared, so ${to} would be another object`
      complain(reading, 'M242', { detail, hint: `remove ${from}, or this row`, address: from, path: [...path, 'from'] })
    }
    if (isWhole && !resources.has(to)) {
      const guess = nearest(to, known)
      const detail = `cannot move ${from} to ${to}: the stack has no such object`
      const hint = guess ? `did you mean ${guess}?` : `the stack has ${known.join(', ') || 'nothing'}`
      complain(reading, 'M242', { detail, hint, address: to, path: [...path, 'to'] })
    }
    return { from, to, at: reading.loaded.at(path) }
  })
}
