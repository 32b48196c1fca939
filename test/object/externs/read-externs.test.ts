import { expect, test } from 'vitest'
import { fixture, mapOf } from '../fixtures.ts'

const object = fixture('externs')

test('configuration lies where libbpf puts it: by alignment, size and name', () => {
  const places = [...object.externs.values()].flatMap((extern) =>
    extern.kind === 'config' ? [[extern.offset, extern.size, extern.type, extern.name]] : [],
  )
  // Offsets as libbpf 1.8 prints them for this object.
  expect(places).toEqual([
    [0, 8, 'integer', 'CONFIG_PHYSICAL_START'],
    [8, 4, 'tristate', 'CONFIG_BPF_SYSCALL'],
    [12, 4, 'integer', 'CONFIG_HZ'],
    [16, 4, 'integer', 'CONFIG_NOT_THERE'],
    [20, 4, 'integer', 'LINUX_KERNEL_VERSION'],
    [24, 1, 'char', 'CONFIG_BPF'],
    [25, 1, 'bool', 'CONFIG_BPF_JIT'],
    [26, 1, 'bool', 'LINUX_HAS_BPF_COOKIE'],
    [27, 1, 'bool', 'LINUX_HAS_SYSCALL_WRAPPER'],
    [28, 4, 'text', 'CONFIG_DEFAULT_HOSTNAME'],
  ])
})

test('it is a map that programs only read, with its variables', () => {
  const { shape, contents } = mapOf(object, '.kconfig')
  expect(shape).toEqual({ type: 'array', keySize: 4, valueSize: 32, maxEntries: 1, flags: 0x480, mapExtra: 0 })
  expect(contents).toMatchObject({ kind: 'data', frozen: true })
  expect(contents.kind === 'data' && contents.variables.map(({ name, offset }) => [offset, name])).toContainEqual([
    20,
    'LINUX_KERNEL_VERSION',
  ])
})

test('kernel variables and functions follow in the order of their names', () => {
  const others = [...object.externs.values()].flatMap((extern) =>
    extern.kind === 'config'
      ? []
      : [[extern.order, extern.kind, extern.name, extern.weak, extern.typeId !== undefined]],
  )
  expect(others).toEqual([
    [10, 'variable', '_stext', false, false],
    [11, 'function', 'bpf_task_from_pid', false, true],
    [12, 'function', 'bpf_task_release', false, true],
    [13, 'function', 'pinfold_no_function', true, true],
    [14, 'variable', 'pinfold_no_symbol', true, false],
    [15, 'variable', 'pinfold_no_variable', true, true],
  ])
})

test('each program knows what it leaves to the kernel', () => {
  const used = object.programs.map(({ name, externs }) => [
    name,
    externs.map(({ use, name: what }) => `${use} ${what}`),
  ])
  expect(Object.fromEntries(used)).toEqual({
    configuration: [],
    symbols: ['load pinfold_no_symbol', 'load _stext', 'load pinfold_no_variable'],
    functions: [
      'load pinfold_no_function',
      'call bpf_task_from_pid',
      'load pinfold_no_function',
      'call pinfold_no_function',
      'call bpf_task_release',
    ],
  })
})
