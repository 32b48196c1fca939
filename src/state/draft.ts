import { basename } from 'node:path'
import type { MapSpec, Variable } from '../model/map-spec.ts'
import type { ProgramSpec } from '../model/program-spec.ts'
import type { Value } from '../model/value.ts'
import { decodeValue } from '../object/btf/decode-value.ts'
import { configSection } from '../object/maps/data-maps.ts'
import type { ObjectFile } from '../object/object-file.ts'
import { mapNames } from './map-names.ts'
import { type LeftSizes, usualSizes } from './map-size.ts'

/** What objects declare, under the names that a first manifest gives it. */
export interface Draft {
  readonly objects: readonly DraftObject[]
  readonly maps: readonly DraftMap[]
  readonly programs: readonly DraftProgram[]
}

/** An object and the variables that a manifest may set. */
export interface DraftObject {
  readonly name: string
  readonly file: ObjectFile
  readonly globals: readonly DraftGlobal[]
}

/** A variable in a data section, and what it starts with. */
export interface DraftGlobal {
  readonly name: string
  /** `.rodata` */
  readonly section: string
  /** Bytes. */
  readonly size: number
  readonly value: Value
}

/** A map of one object, or of several that share it. */
export interface DraftMap {
  readonly name: string
  readonly spec: MapSpec
  readonly object: DraftObject
  /** Programs that use it, by their names in the manifest. */
  readonly users: readonly string[]
  /** A key and a value as the manifest would say them, mostly zeros. */
  readonly sample: { readonly key: Value; readonly value: Value }
  /** Sizes that will do where the object leaves them to whoever loads it. */
  readonly sizes: LeftSizes
}

/** A program; `name` is not its function's where several objects have one of that name. */
export interface DraftProgram {
  readonly name: string
  readonly spec: ProgramSpec
  readonly object: DraftObject
}

/** Names what objects declare: objects by their files, maps and programs as in the objects wherever that is one thing. */
export function draftManifest(files: readonly ObjectFile[]): Draft {
  const objects = nameObjects(files)
  const programs = objects.flatMap((object) =>
    object.file.programs.map((spec) => ({ name: programName(objects, object, spec), spec, object })),
  )
  return { objects, programs, maps: draftMaps(objects, programs) }
}

function nameObjects(files: readonly ObjectFile[]): DraftObject[] {
  const taken = new Set<string>()
  return files.map((file) => {
    const plain = basename(file.name)
      .replace(/(\.bpf)?\.o$/, '')
      .replace(/[^A-Za-z0-9_-]/g, '_')
    const name = freeName(plain === '' ? 'object' : plain, taken)
    taken.add(name)
    return { name, file, globals: globalsOf(file) }
  })
}

/** A name that nothing has yet: `edge`, or `edge_2`. */
function freeName(plain: string, taken: ReadonlySet<string>): string {
  for (let count = 2, name = plain; ; name = `${plain}_${count++}`) if (!taken.has(name)) return name
}

function programName(objects: readonly DraftObject[], object: DraftObject, { name }: ProgramSpec): string {
  const owners = objects.filter(({ file }) => file.programs.some((spec) => spec.name === name))
  return owners.length > 1 ? `${object.name}_${name}` : name
}

function draftMaps(objects: readonly DraftObject[], programs: readonly DraftProgram[]): DraftMap[] {
  const nameOf = mapNames(objects.map(({ name, file }) => ({ name, file, data: new Map() })))
  const found = new Map<string, DraftMap>()
  for (const object of objects) {
    for (const spec of object.file.maps) {
      const name = nameOf({ name: object.name, file: object.file, data: new Map() }, spec)
      const users = programs.filter((it) => it.object === object && usesMap(it.spec, spec.name)).map((it) => it.name)
      const before = found.get(name)
      const first = { name, spec, object, users, sample: sampleOf(object.file, spec), sizes: usualSizes(spec) }
      found.set(name, before ? { ...before, users: [...before.users, ...users] } : first)
    }
  }
  return [...found.values()]
}

function sampleOf({ btf, byteOrder }: ObjectFile, { shape, keyTypeId, valueTypeId }: MapSpec): DraftMap['sample'] {
  const zeros = (size: number, typeId: number | undefined): Value =>
    decodeValue(new Uint8Array(size), { types: btf?.types, typeId, size, byteOrder })
  const network = shape.type === 'lpm_trie' ? networks.get(shape.keySize) : undefined
  return { key: network ?? zeros(shape.keySize, keyTypeId), value: zeros(shape.valueSize, valueTypeId) }
}

/** Keys of tries by their size: a prefix length of four bytes and an address. */
const networks: ReadonlyMap<number, string> = new Map([
  [8, '10.0.0.0/8'],
  [20, '2001:db8::/32'],
])

const usesMap = ({ code }: ProgramSpec, name: string): boolean => code.references.some(({ map }) => map === name)

function globalsOf(file: ObjectFile): DraftGlobal[] {
  return file.maps.flatMap(({ name, contents }) => {
    // The kernel says what its configuration is, and texts have no names.
    if (contents.kind !== 'data' || name === configSection || name.startsWith('.rodata.str')) return []
    // Those inside of functions are named `function.variable`; nobody means to set them from outside.
    const settable = contents.variables.filter((variable) => !variable.name.includes('.'))
    return settable.map((variable) => ({
      name: variable.name,
      section: name,
      size: variable.size,
      value: variableValue(file, variable, contents.bytes),
    }))
  })
}

/** What a variable holds in the bytes of its section, as a manifest would say it. */
function variableValue({ btf, byteOrder }: ObjectFile, variable: Variable, bytes: Uint8Array): Value {
  const { offset, size, typeId } = variable
  return decodeValue(bytes.subarray(offset, offset + size), { types: btf?.types, typeId, size, byteOrder })
}
