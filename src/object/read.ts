import { BtfTypes } from './btf/btf-types.ts'
import { readDeclTags } from './btf/decl-tags.ts'
import { readExtInfo } from './btf/ext-info.ts'
import { prepareBtf } from './btf/prepare-btf.ts'
import { Cursor } from './cursor.ts'
import { type ElfFile, readElf } from './elf/elf-file.ts'
import type { Externs } from './externs/extern.ts'
import { readExterns } from './externs/read-externs.ts'
import { placeMaps } from './maps/object-map.ts'
import { readMaps } from './maps/read-maps.ts'
import type { ObjectFile } from './object-file.ts'
import { noRelocations, readCoreRelocations } from './programs/core-relocations.ts'
import { readFunctions } from './programs/functions.ts'
import { readPrograms } from './programs/read-programs.ts'

/**
 * Reads what clang's `.bpf.o` declares; `name` is for messages. Throws an ObjectError, and nothing else, for bytes that are
 * not a BPF object or are damaged; what pinfold does not support yet stands in each program's `unsupported`.
 */
export function readObject(bytes: Uint8Array, name: string): ObjectFile {
  // A plain view: slicing a Buffer would share its memory.
  const elf = readElf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), name)
  const notes: string[] = []
  const note = (text: string): number => notes.push(text)
  const btf = readBtf(elf)
  const functions = readFunctions(elf)
  const externs = btf?.externs ?? new Map()
  const maps = readMaps({ elf, types: btf?.types, functions, externs, note })
  const ext = readExt(elf, btf?.types)
  const relocations = ext && btf ? readCoreRelocations(ext.relocations, btf.types, functions) : noRelocations
  const mapAt = placeMaps(maps)
  const programs = readPrograms({ elf, types: btf?.types, functions, mapAt, externs, ext, relocations, note })
  const kernelVersion = readKernelVersion(elf)
  const tags = readDeclTags(btf?.types)
  return {
    name,
    byteOrder: elf.byteOrder,
    license: readLicense(elf),
    ...(kernelVersion === undefined ? {} : { kernelVersion }),
    maps: maps.flatMap(({ spec }) => (spec ? [tagged(spec, tags.variables)] : [])),
    programs: programs.map((program) => tagged(program, tags.functions)),
    relocations: relocations.all,
    externs,
    ...(btf ? { btf: { types: btf.types, bytes: btf.bytes } } : {}),
    notes,
  }
}

function tagged<S extends { readonly name: string }>(spec: S, tags: ReadonlyMap<string, readonly string[]>): S {
  const declTags = tags.get(spec.name)
  return declTags ? { ...spec, declTags } : spec
}

interface Btf {
  readonly externs: Externs
  /** As the kernel gets it. */
  readonly types: BtfTypes
  readonly bytes: Uint8Array
}

function readBtf(elf: ElfFile): Btf | undefined {
  const section = elf.find('.BTF')
  if (!section) return undefined
  const cursor = elf.open(section)
  const compiled = new BtfTypes(cursor)
  const externs = readExterns(elf, compiled)
  const { bytes, changed } = prepareBtf(cursor, compiled, { elf, externs })
  const prepared = new Cursor(bytes, {
    byteOrder: elf.byteOrder,
    object: elf.name,
    section: '.BTF',
    base: section.offset,
  })
  return { externs, types: new BtfTypes(prepared, { from: compiled, changed }), bytes }
}

function readExt(elf: ElfFile, types: BtfTypes | undefined): ReturnType<typeof readExtInfo> | undefined {
  const section = elf.find('.BTF.ext')
  return section && types ? readExtInfo(elf.open(section), types) : undefined
}

/** libbpf, too, takes a text that fills its section. */
function readLicense(elf: ElfFile): string {
  const section = elf.find('license')
  return section ? (Buffer.from(elf.open(section).bytes).toString('utf8').split('\0')[0] ?? '') : ''
}

function readKernelVersion(elf: ElfFile): number | undefined {
  const section = elf.find('version')
  return section ? elf.open(section).u32(0) : undefined
}
