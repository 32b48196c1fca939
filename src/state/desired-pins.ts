import { type Address, nameOf } from '../model/address.ts'
import type { WantedPin } from '../model/outer-pin.ts'
import type { Resource } from '../model/state.ts'
import { nearest } from '../util/nearest.ts'
import { complain, type Reading } from './desired-reading.ts'

/** The pins elsewhere that the manifest wants; one of an object that the stack does not have is complained about. */
export function readPins(
  reading: Reading,
  resources: ReadonlyMap<Address, Resource>,
): ReadonlyMap<string, WantedPin> | undefined {
  const { pins } = reading.loaded.manifest
  const found = [...pins].map(([path, address]): [string, WantedPin] => {
    const place = ['pins', path]
    const resource = resources.get(address)
    if (!resource && isUnseen(reading, address)) return [path, { address }]
    if (!resource) complainUnknown(reading, address, { place, known: [...resources.keys()] })
    else if (resource.kind === 'map' && !resource.pinned) {
      const detail = `cannot pin ${address} elsewhere: the manifest says \`pin: false\` for it, and only by the stack's own pin it is known again`
      complain(reading, 'M241', { detail, hint: 'remove `pin: false`', address, path: place })
    }
    return [path, { address, at: reading.loaded.at(place) }]
  })
  return found.length > 0 ? new Map(found) : undefined
}

/** A foreign map that is in no object is left out where foreign maps are not looked at. */
const isUnseen = ({ loaded, world }: Reading, address: Address): boolean =>
  world.trustsForeign === true && loaded.manifest.maps.get(nameOf(address))?.owner === 'foreign'

interface Unknown {
  readonly place: readonly string[]
  readonly known: readonly string[]
}

/** An object whose own declaration is wrong is missing here too, and has its complaint already. */
function complainUnknown(reading: Reading, address: Address, { place, known }: Unknown): void {
  if (reading.complaints.some((complaint) => complaint.severity === 'error')) return
  const guess = nearest(address, known)
  complain(reading, 'M240', {
    detail: `cannot pin ${address} elsewhere: the stack has no such object`,
    hint: guess ? `did you mean ${guess}?` : `the stack has ${known.join(', ') || 'nothing'}`,
    address,
    path: place,
  })
}
