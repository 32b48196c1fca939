import type { MapShape } from '../model/map-spec.ts'
import { loadAddon } from './addon.ts'
import { kernelError } from './errno.ts'
import { takesFarOffsets } from './far-offsets.ts'
import { readInfoAlone } from './info.ts'
import type { Fd, MapCreate } from './kernel.ts'
import { constantsIn } from './translated-code.ts'

/** Where arenas without `map_extra` were mapped first: they are mapped nowhere else from then on, and the kernel does not tell. */
const addresses = new WeakMap<Fd<'map'>, number>()

/**
 * Gives a new arena without `map_extra` its address in user space by mapping it once: the verifier wants one. Closes it and throws a
 * KernelError where that is refused.
 */
export function placeArena(map: Fd<'map'>, { name, shape }: MapCreate): void {
  const result = loadAddon().writeMapped(0, sizeOf(shape), MAP_SHARED, map.number, new Uint8Array(), 0)
  if (result >= 0) return void addresses.set(map, result)
  map[Symbol.dispose]()
  throw kernelError({ command: 'mmap', errno: -result, doing: `map arena ${name}`, target: name })
}

/**
 * The byte of an arena at which variables that take so many bytes begin. As in libbpf: on its last pages where the kernel lets
 * programs name any place in it, so that pointers to its first pages, null among them, are caught; else on its first.
 */
export function arenaStart(map: Fd<'map'>, variables: number): number {
  const shape = shapeOf(map)
  return shape && takesFarOffsets() ? startAtEnd(shape, variables) : 0
}

/** The first of the last pages, as many as the variables take. */
export const startAtEnd = (shape: Pick<Shape, 'maxEntries'>, variables: number): number =>
  sizeOf(shape) - Math.ceil(variables / pageSize) * pageSize

/**
 * Writes the variables of an arena that this process made, through memory: there is no other way. Throws a KernelError; EINVAL where
 * its pages may not be made by user space (BPF_F_SEGV_ON_FAULT), EEXIST where its address is taken in this process.
 */
export function writeArena(map: Fd<'map'>, bytes: Uint8Array): void {
  const shape = shapeOf(map)
  const failure = { command: 'mmap', doing: 'write the variables of an arena' }
  if (!shape || shape.flags & BPF_F_SEGV_ON_FAULT || bytes.length > sizeOf(shape))
    throw kernelError({ ...failure, errno: 'EINVAL' })
  const address = addresses.get(map) ?? shape.mapExtra
  const flags = MAP_SHARED | MAP_FIXED_NOREPLACE
  const start = arenaStart(map, bytes.length)
  const result = loadAddon().writeMapped(address, sizeOf(shape), flags, map.number, bytes, start)
  if (result < 0) throw kernelError({ ...failure, errno: -result })
}

/** Variables of an arena that a program's code names. */
export interface ArenaPlaces {
  /** The byte at which variables begin. */
  readonly start: number
  /** Bytes from there. */
  readonly offsets: readonly number[]
}

/**
 * True where code that was loaded names variables of an arena at these places and nowhere else in it; false also where that cannot be
 * told. What tells where an arena lies in user space is only that it can be mapped there, and nowhere else.
 */
export function namesPlaces(program: Fd<'program'>, arena: Fd<'map'>, { start, offsets }: ArenaPlaces): boolean {
  const shape = shapeOf(arena)
  const constants = [...(constantsIn(program) ?? [])]
  if (!shape) return false
  const places = new Set(offsets.map((offset) => start + offset))
  const bases = constants.flatMap((constant) => [...places].map((place) => constant - place))
  const base = [...new Set(bases)].find((address) => liesAt(arena, shape, address))
  if (base === undefined) return false
  const named = constants.map((constant) => constant - base).filter((at) => at >= 0 && at < sizeOf(shape))
  return named.every((at) => places.has(at))
}

function liesAt(arena: Fd<'map'>, shape: Shape, address: number): boolean {
  if (shape.mapExtra !== 0) return address === shape.mapExtra
  if (address <= 0 || address % pageSize !== 0) return false
  const flags = MAP_SHARED | MAP_FIXED_NOREPLACE
  return loadAddon().writeMapped(address, sizeOf(shape), flags, arena.number, new Uint8Array(), 0) >= 0
}

type Shape = Pick<MapShape, 'maxEntries' | 'flags' | 'mapExtra'>

const shapes = new WeakMap<Fd<'map'>, Shape>()

/** Of the many references to one arena each asks. */
function shapeOf(map: Fd<'map'>): Shape | undefined {
  const known = shapes.get(map)
  if (known) return known
  const info = readInfoAlone(map)
  if (info.kind === 'map') shapes.set(map, info.shape)
  return info.kind === 'map' ? info.shape : undefined
}

/** Entries of an arena are pages. */
const sizeOf = ({ maxEntries }: Pick<Shape, 'maxEntries'>): number => maxEntries * pageSize

// Arenas exist on x86-64 and arm64, and are counted in pages of 4 KiB here.
const pageSize = 4096
const MAP_SHARED = 0x01
const MAP_FIXED_NOREPLACE = 0x100000
const BPF_F_SEGV_ON_FAULT = 1 << 17
