import type { ElfFile } from '../elf/elf-file.ts'
import { type Relocation, readRelocations } from '../elf/relocations.ts'
import { isCode } from '../elf/section.ts'
import type { ObjectFunction } from './functions.ts'
import { Instructions, opcodes } from './instructions.ts'
import { type Names, resolve, type Target } from './resolve.ts'

/** A function's instructions as compiled, and what they refer to, in order. */
export interface ScannedFunction {
  readonly bytes: Uint8Array
  readonly targets: readonly Target[]
}

/** Returns a function that scans each function of the object once. */
export function scanner(names: Names): (fn: ObjectFunction) => ScannedFunction {
  const relocations = relocationsBySection(names.elf)
  const done = new Map<ObjectFunction, ScannedFunction>()
  return (fn) => {
    const known = done.get(fn)
    if (known) return known
    const scanned = scan(names, fn, relocations.get(fn.section.index) ?? new Map())
    done.set(fn, scanned)
    return scanned
  }
}

function relocationsBySection(elf: ElfFile): ReadonlyMap<number, ReadonlyMap<number, Relocation>> {
  return new Map(elf.sections.filter(isCode).map(({ index }) => [index, readRelocations(elf, index)]))
}

function scan(names: Names, fn: ObjectFunction, relocations: ReadonlyMap<number, Relocation>): ScannedFunction {
  const bytes = names.elf.open(fn.section).slice(fn.offset, fn.size)
  const instructions = new Instructions(bytes, names.elf.byteOrder)
  const targets: Target[] = []
  for (let index = 0; index < instructions.count; index++) {
    const relocation = relocations.get(fn.offset + index * 8)
    const target = resolve(names, { instructions, index, caller: fn, relocation })
    if (target) targets.push(target)
    if (instructions.opcode(index) === opcodes.loadImmediate64) index++
  }
  return { bytes, targets }
}
