import { loadAddon } from './addon.ts'
import { mapCreateAttr } from './attr-map.ts'
import { programLoadAttr } from './attr-program.ts'
import type { Fd, MapCreate } from './kernel.ts'
import { littleEndian, viewOf } from './layout.ts'
import { is, tryBpf } from './syscall.ts'

/**
 * True where a program may name a byte of a map's value beyond the first 512 MiB, which only arenas have (Linux 7.0). Found out by a
 * load that fails either way: what the verifier complains of tells. Remembered where that is conclusive.
 */
export function takesFarOffsets(): boolean {
  if (known !== undefined) return known
  const complaint = complaintAboutFarOffset()
  if (complaint === undefined) return false
  known = tellsFarOffsets(complaint)
  return known
}

let known: boolean | undefined

/** Any other complaint is about this map, which is too small. */
export const tellsFarOffsets = (complaint: string): boolean => !complaint.includes('direct value offset of ')

/** What the verifier says of a place 1 GiB into a small map; undefined where it was not asked. */
function complaintAboutFarOffset(): string | undefined {
  const number = tryBpf('BPF_MAP_CREATE', mapCreateAttr(smallMap))
  if (number < 0) return undefined
  const map: Fd<'map'> = { kind: 'map', number, [Symbol.dispose]: () => void loadAddon().close(number) }
  try {
    return complaintAbout(map)
  } finally {
    map[Symbol.dispose]()
  }
}

function complaintAbout(map: Fd<'map'>): string | undefined {
  const log = Buffer.alloc(1024)
  const attr = programLoadAttr(
    {
      name: 'pinfold_far',
      load: { type: 'socket_filter', flags: 0, license: 'GPL' },
      instructions: loadAndExit(),
      references: [{ instruction: 0, kind: 'value', map, offset: 2 ** 30 }],
    },
    { log },
  )
  const result = tryBpf('BPF_PROG_LOAD', attr)
  if (result >= 0) loadAddon().close(result)
  const text = log.toString('latin1', 0, Math.max(0, log.indexOf(0)))
  return is(result, 'EPERM') || text === '' ? undefined : text
}

const smallMap: MapCreate = {
  name: 'pinfold_far',
  shape: { type: 'array', keySize: 4, valueSize: 1, maxEntries: 1, flags: 0, mapExtra: 0 },
}

/** `r1 = 0 ll; exit`, as if the verifier came to it. */
function loadAndExit(): Uint8Array {
  const code = new Uint8Array(24)
  const view = viewOf(code)
  view.setUint8(0, 0x18)
  view.setUint8(1, littleEndian ? 0x01 : 0x10)
  view.setUint8(16, 0x95)
  return code
}
