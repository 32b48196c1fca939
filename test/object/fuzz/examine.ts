import { btfFeatures } from '../../../src/btf/btf-features.ts'
import { sanitizeBtf } from '../../../src/btf/sanitize-btf.ts'
import { ObjectError } from '../../../src/model/errors.ts'
import type { Machine } from '../../../src/model/machine.ts'
import { BtfTypes } from '../../../src/object/btf/btf-types.ts'
import { Cursor } from '../../../src/object/cursor.ts'
import { applyGlobals } from '../../../src/object/globals.ts'
import { inspectObject } from '../../../src/object/inspect.ts'
import { linkProgram } from '../../../src/object/link/link-program.ts'
import { linkStructOps } from '../../../src/object/link/link-struct-ops.ts'
import { LinkTarget } from '../../../src/object/link/link-target.ts'
import type { ObjectFile } from '../../../src/object/object-file.ts'
import { sourcePlace } from '../../../src/object/programs/source-place.ts'
import { readObject } from '../../../src/object/read.ts'
import type { Relocated } from './arbitrary.ts'

/** How an input ended; anything else than these is thrown. */
export type Ending = 'read' | 'refused'

/** Reads an object, describes it and links it to a kernel; throws for whatever is no ObjectError with its place. */
export const examineObject = (bytes: Uint8Array): Ending =>
  ending(() => {
    const object = readObject(bytes, 'fuzzed.o')
    JSON.stringify(inspectObject(object))
    applyGlobals(object, new Map([['sample_rate', 1n]]))
    link(object, new LinkTarget(machineOf(object.btf?.bytes)))
    sanitize(object)
  })

/** Links a good object to a kernel whose BTF is these bytes. */
export const examineKernel = (object: ObjectFile, btf: Uint8Array): Ending =>
  ending(() => {
    link(object, new LinkTarget(machineOf(btf)))
    link(object, new LinkTarget(undefined, { name: 'fuzzed.btf', bytes: btf }))
  })

/** Relocates a program of a good object as if its object and its kernel had these types. */
export const examineRelocations = (good: ObjectFile, { object, kernel, relocations: made }: Relocated): Ending =>
  ending(() => {
    const cursor = new Cursor(object, { byteOrder: 'little', object: 'made.o', section: '.BTF' })
    const relocations = made.map((relocation) => ({ section: 'xdp', ...relocation }))
    const changed = { ...good, btf: { types: new BtfTypes(cursor), bytes: object }, relocations }
    const target = new LinkTarget(machineOf(kernel))
    // Lines are those of the good object's own BTF.
    for (const { debug: _, ...program } of good.programs) {
      const count = program.code.instructions.length / 8
      const placed = relocations.map((relocation) => ({ instruction: (relocation.offset / 8) % count, relocation }))
      linkProgram({ ...program, relocations: placed }, changed, target)
    }
  })

/** Runs something that may refuse its input. */
export function ending(examine: () => void): Ending {
  try {
    examine()
    return 'read'
  } catch (error) {
    if (error instanceof ObjectError && isPlaced(error)) return 'refused'
    throw error
  }
}

const isPlaced = ({ code, offset, section }: ObjectError): boolean =>
  /^O\d{3}$/.test(code) && Number.isInteger(offset) && section !== undefined

function link(object: ObjectFile, target: LinkTarget): void {
  for (const program of object.programs) linkProgram(program, object, target)
  for (const { contents } of object.maps) if (contents.kind === 'members') linkStructOps(contents, object, target)
}

const everything = new Set(btfFeatures.map(({ name }) => name))

function sanitize({ btf, byteOrder, programs }: ObjectFile): void {
  if (!btf) return
  sanitizeBtf(btf.bytes, { missing: everything, little: byteOrder === 'little' })
  for (const { debug, functions } of programs) {
    sourcePlace({ btf: btf.bytes, debug, functions, byteOrder, instruction: 3 })
  }
}

/** A kernel whose types are those of the object: so every relocation has something to find. */
const machineOf = (btf: Uint8Array | undefined): Machine => ({
  release: '5.4.0-fuzzed',
  version: 0x050400,
  vmlinuxBtf: () => btf,
  moduleNames: () => ['module'],
  moduleBtf: () => btf,
  config: () => 'CONFIG_HZ=250\nCONFIG_BPF=y\nCONFIG_DEFAULT_HOSTNAME="(none)"\n',
  symbols: () => undefined,
  lacks: () => false,
  symbolAddresses: (names) =>
    new Map([...names].map((name) => [name, { address: 0xffffffff81000000n, ambiguous: false }])),
})
