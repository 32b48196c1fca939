import { unpack } from '../../util/packed.ts'
import type { SavedContents } from '../host-snapshot.ts'
import type { LinkInfo, MapInfo, ProgramInfo } from '../kernel.ts'
import { hookOf } from './hook.ts'
import { storages } from './storage.ts'
import type { LinkObject, MapObject, ProgramObject } from './world.ts'

/** A map as another kernel described it, with what is known of its contents. */
export function copiedMap(info: MapInfo, contents: SavedContents | undefined): MapObject {
  const { id, name, btfId, keyTypeId, valueTypeId } = info
  // Of a type that nobody knows: one of which nothing can be read.
  const shape = { ...info.shape, type: info.type ?? 'sk_storage' } as const
  const partial = contents ? contents.partial : {}
  const map: MapObject = {
    ...{ kind: 'map', id, name, shape, btfId, keyTypeId, valueTypeId },
    references: 0,
    users: 0,
    frozen: info.frozen ?? false,
    entries: new Map(),
    owner: undefined,
    told: info,
    ...(partial && { partial }),
    ...(contents?.members && { members: contents.members }),
  }
  for (const [key, value] of contents?.entries ?? []) map.entries.set(placeOf(map, key), bytesOf(value))
  return map
}

/** A trie keeps keys without the bits behind their prefix. */
const placeOf = (map: MapObject, key: string): string =>
  map.shape.type === 'lpm_trie' ? storages.trie.place(map, Buffer.from(key, 'hex')) : key

/** A copy that is no part of Node's own pool of memory. */
const bytesOf = (value: string): Uint8Array =>
  value.startsWith('~') ? unpack(value.slice(1)) : Uint8Array.from(Buffer.from(value, 'base64'))

/** A program as another kernel described it: of how it was loaded that tells no more than the type. */
export function copiedProgram(info: ProgramInfo): ProgramObject {
  const { id, name, tag, mapIds, btfId, loadedAt, translatedSize: size } = info
  const load = { type: info.type ?? 'socket_filter', flags: 0, license: info.gplCompatible ? 'GPL' : '' } as const
  return { kind: 'program', id, name, load, tag, mapIds, btfId, loadedAt, size, references: 0, told: info }
}

/** A link as another kernel described it. */
export function copiedLink(info: LinkInfo): LinkObject {
  const { id, programId, type, severed } = info
  const target = info.target ?? { kind: 'raw_tracepoint', name: type }
  const mapId = target.kind === 'struct_ops' || target.kind === 'iter' ? target.mapId : undefined
  const hook = info.target ? hookOf(info.target) : `link:${id}`
  return { kind: 'link', id, programId, type, target, hook, mapId, severed, references: 0, told: info }
}
