import { expect, test } from 'vitest'
import type { ProgramSpec } from '../../src/model/program-spec.ts'
import type { ObjectFile } from '../../src/object/object-file.ts'
import { Instructions, opcodes } from '../../src/object/programs/instructions.ts'
import { fixture, programOf } from './fixtures.ts'

const objects = ['functions', 'big-endian-functions'].map(fixture)

test.each(objects)('$name: several programs of a section, and none for what is only called', (object) => {
  expect(object.programs.map(({ name, section }) => `${section} ${name}`)).toEqual([
    'xdp calls_hidden',
    'xdp calls_shared',
    'xdp has_callbacks',
    'tp/sched/sched_switch on_switch',
  ])
})

test.each(objects)('$name: subprograms stand behind their program, each once, depth first', (object) => {
  expect(functionNames(object, 'calls_hidden')).toEqual(['calls_hidden', 'hidden', 'shared', 'deepest', 'bump'])
  expect(functionNames(object, 'calls_shared')).toEqual(['calls_shared', 'bump', 'shared', 'deepest'])
  expect(functionNames(object, 'has_callbacks')).toEqual(['has_callbacks', 'add', 'bump', 'step'])
  expect(functionNames(object, 'on_switch')).toEqual(['on_switch', 'bump'])
})

test.each(objects)('$name: every call and callback leads to the start of a function', (object) => {
  for (const program of object.programs) {
    const starts = new Set(functionStarts(object, program))
    const targets = callTargets(object, program)
    expect(targets.filter((target) => !starts.has(target))).toEqual([])
    expect(new Set(targets).size).toBe(starts.size - 1)
  }
})

test.each(objects)('$name: references to maps are marked and zeroed', (object) => {
  const { code } = programOf(object, 'has_callbacks')
  const instructions = new Instructions(code.instructions, object.byteOrder)
  expect(code.references.map(({ map }) => map)).toEqual(['counts', 'others', 'counts'])
  for (const { instruction } of code.references) {
    expect(instructions.opcode(instruction)).toBe(opcodes.loadImmediate64)
    expect(instructions.source(instruction)).toBe(1)
    expect([instructions.immediate(instruction), instructions.immediate(instruction + 1)]).toEqual([0, 0])
  }
})

test('a `?` section is not loaded by itself', () => {
  const optional = fixture('optional')
  expect(programOf(optional, 'not_by_itself')).toMatchObject({ autoload: false, type: 'xdp', flags: 0x20 })
  expect(programOf(optional, 'by_itself').autoload).toBe(true)
})

test.each(objects)('$name: there is a line for the start of every function, in ascending order', (object) => {
  for (const program of object.programs) {
    const slots = records(object, program, 'lines')
    expect(slots).toEqual(slots.toSorted((a, b) => a - b))
    expect(functionStarts(object, program).filter((start) => !slots.includes(start))).toEqual([])
  }
})

test('a hidden function is static in the BTF that the kernel gets', () => {
  const types = fixture('functions').btf?.types
  const linkage = (name: string) => types?.get(types.find('function', name) ?? 0)
  expect(linkage('hidden')).toMatchObject({ linkage: 'static' })
  expect(linkage('shared')).toMatchObject({ linkage: 'global' })
})

function records({ byteOrder }: ObjectFile, { debug }: ProgramSpec, part: 'functions' | 'lines'): number[] {
  const bytes = debug?.[part] ?? new Uint8Array()
  const size = (part === 'functions' ? debug?.functionSize : debug?.lineSize) ?? 1
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / size }, (_, i) => view.getUint32(i * size, byteOrder === 'little'))
}

const functionStarts = (object: ObjectFile, program: ProgramSpec): number[] => records(object, program, 'functions')

function functionNames(object: ObjectFile, name: string): string[] {
  const { debug } = programOf(object, name)
  if (!debug) throw new Error('no debug information')
  const view = new DataView(debug.functions.buffer, debug.functions.byteOffset, debug.functions.length)
  return Array.from({ length: debug.functions.length / debug.functionSize }, (_, i) => {
    const type = object.btf?.types.get(view.getUint32(i * debug.functionSize + 4, object.byteOrder === 'little'))
    return type?.kind === 'function' ? type.name : '?'
  })
}

function callTargets({ byteOrder }: ObjectFile, { code }: ProgramSpec): number[] {
  const instructions = new Instructions(code.instructions, byteOrder)
  const targets: number[] = []
  for (let index = 0; index < instructions.count; index++) {
    const opcode = instructions.opcode(index)
    const isCall = opcode === opcodes.call && instructions.source(index) === 1
    const isCallback = opcode === opcodes.loadImmediate64 && instructions.source(index) === 4
    if (isCall || isCallback) targets.push(index + 1 + instructions.immediate(index))
    if (opcode === opcodes.loadImmediate64) index++
  }
  return targets
}
