import type { MapShape } from '../model/map-spec.ts'
import { loadAddon } from './addon.ts'
import { kernelError } from './errno.ts'
import { readInfoAlone } from './info.ts'
import type { Fd, MapCreate } from './kernel.ts'

/** Where arenas without `map_extra` were mapped first: they are mapped nowhere else from then on, and the kernel does not tell. */
const addresses = new WeakMap<Fd<'map'>, number>()

/**
 * Gives a new arena without `map_extra` its address in user space by mapping it once: the verifier wants one. Closes it and throws a
 * KernelError where that is refused.
 */
export function placeArena(map: Fd<'map'>, { name, shape }: MapCreate): void {
  const result = loadAddon().writeMapped(0, sizeOf(shape), MAP_SHARED, map.number, new Uint8Array())
  if (result >= 0) return void addresses.set(map, result)
  map[Symbol.dispose]()
  throw kernelError({ command: 'mmap', errno: -result, doing: `map arena ${name}`, target: name })
}

/**
 * Writes to the start of an arena that this process made, through memory: there is no other way. Throws a KernelError; EINVAL where
 * its pages may not be made by user space (BPF_F_SEGV_ON_FAULT), EEXIST where its address is taken in this process.
 */
export function writeArena(map: Fd<'map'>, bytes: Uint8Array): void {
  const info = readInfoAlone(map)
  const shape = info.kind === 'map' ? info.shape : undefined
  const failure = { command: 'mmap', doing: 'write the variables of an arena' }
  if (!shape || shape.flags & BPF_F_SEGV_ON_FAULT || bytes.length > sizeOf(shape))
    throw kernelError({ ...failure, errno: 'EINVAL' })
  const address = addresses.get(map) ?? shape.mapExtra
  const flags = MAP_SHARED | MAP_FIXED_NOREPLACE
  const result = loadAddon().writeMapped(address, sizeOf(shape), flags, map.number, bytes)
  if (result < 0) throw kernelError({ ...failure, errno: -result })
}

/** Entries of an arena are pages. */
const sizeOf = ({ maxEntries }: Pick<MapShape, 'maxEntries'>): number => maxEntries * pageSize

// Arenas exist on x86-64 and arm64, and are counted in pages of 4 KiB here.
const pageSize = 4096
const MAP_SHARED = 0x01
const MAP_FIXED_NOREPLACE = 0x100000
const BPF_F_SEGV_ON_FAULT = 1 << 17
