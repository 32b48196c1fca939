import type { InitialContents, MapShape, MapSpec } from '../../model/map-spec.ts'
import { type MapType, mapTypeOf } from '../../model/map-types.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import { describeLayout } from '../btf/layout.ts'
import type { MapDefinition } from './map-definition.ts'

/** What a map's definition does not say itself. */
export interface DefineOptions {
  readonly name: string
  readonly section: string
  readonly types?: BtfTypes
  readonly contents?: InitialContents
}

/** Turns a definition into a specification; a type that the table does not know is undefined. */
export function defineMap(definition: MapDefinition, options: DefineOptions): MapSpec | undefined {
  const type = mapTypeOf(definition.type ?? 0)
  if (!type) return undefined
  const inner =
    definition.inner && defineMap(definition.inner, { ...options, name: `${options.name}.inner`, contents: none })
  if (definition.inner && !inner) return undefined
  const { keyTypeId, valueTypeId } = definition
  return {
    kind: 'map',
    name: options.name,
    section: options.section,
    shape: shapeOf(type, definition, inner),
    layout: {
      ...layoutPart('key', keyTypeId, options.types),
      ...layoutPart('value', valueTypeId, options.types),
    },
    ...(keyTypeId === undefined ? {} : { keyTypeId }),
    ...(valueTypeId === undefined ? {} : { valueTypeId }),
    pinByName: definition.pinning === 1,
    contents: options.contents ?? none,
    ...(inner ? { inner } : {}),
  }
}

const none: InitialContents = { kind: 'none' }

function shapeOf(type: MapType, definition: MapDefinition, inner: MapSpec | undefined): MapShape {
  const maxEntries = definition.maxEntries ?? 0
  return {
    type,
    keySize: definition.keySize ?? 0,
    valueSize: definition.valueSize ?? 0,
    maxEntries: type === 'ringbuf' || type === 'user_ringbuf' ? ringSize(maxEntries) : maxEntries,
    flags: definition.flags ?? 0,
    mapExtra: definition.mapExtra ?? 0,
    ...(inner ? { inner: inner.shape } : {}),
  }
}

/** The kernel wants pages times a power of two; libbpf rounds up, and objects count on it. */
function ringSize(bytes: number): number {
  if (bytes === 0) return 0
  let size = 4096
  while (size < bytes && size < 2 ** 31) size *= 2
  return size
}

function layoutPart(
  part: 'key' | 'value',
  typeId: number | undefined,
  types: BtfTypes | undefined,
): { readonly key?: string; readonly value?: string } {
  return typeId === undefined || !types ? {} : { [part]: describeLayout(types, typeId) }
}
