import type { SavedContents } from '../../kernel/host-snapshot.ts'
import type { Kernel, MapInfo } from '../../kernel/kernel.ts'
import { openOrGone } from '../open-or-gone.ts'
import { listIds } from '../reachable.ts'
import { readContents } from './read-contents.ts'
import type { StackMaps } from './stack-maps.ts'

/** Every map of the system, and what is in those whose contents plans look at. */
export interface ReadMaps {
  readonly maps: readonly MapInfo[]
  readonly contents: Readonly<Record<number, SavedContents>>
}

/**
 * Reads every map. Each is opened once: when an array that nobody holds is closed a second time while Linux still has its
 * clear queued, it keeps a reference for ever.
 */
export function readMaps(kernel: Kernel, stacks: StackMaps): ReadMaps {
  const maps: MapInfo[] = []
  const contents: Record<number, SavedContents> = {}
  for (const id of listIds(kernel, 'map')) {
    using map = openOrGone(kernel, 'map', id)
    const info = map && kernel.describe(map)
    if (!map || info?.kind !== 'map') continue
    maps.push(info)
    const inside = readContents(kernel, { map, info, stacks })
    if (inside) contents[id] = inside
  }
  return { maps, contents }
}
