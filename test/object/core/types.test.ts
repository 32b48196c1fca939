import { describe, expect, test } from 'vitest'
import type { BtfBuilder } from '../../support/btf-builder.ts'
import { type Ask, resolve } from './relocating.ts'

type Build = (types: BtfBuilder) => number

const int: Build = (types) => types.int('int', 4, { signed: true })
const struct =
  (name: string, members: Readonly<Record<string, Build>>, size = 64): Build =>
  (types) => {
    const made = Object.entries(members).map(([label, type], index) => ({
      name: label,
      type: type(types),
      bit: index * 64,
    }))
    return types.struct(name, size, made)
  }
const pointer =
  (to: Build): Build =>
  (types) =>
    types.pointer(to(types))

const ask = (kind: Ask['kind'], local: Build, kernel: Build) => resolve({ local, kernel }, { kind })

describe('whole types', () => {
  test('exist where the kernel has one of that kind and name, whatever is in it', () => {
    expect(ask('typeExists', struct('task', { pid: int }), struct('task', {}))).toBe(1)
    expect(ask('typeExists', struct('task___old', { pid: int }), struct('task', {}))).toBe(1)
    expect(ask('typeExists', struct('task', {}), struct('tsk', {}))).toBe(0)
    expect(ask('typeExists', struct('task', {}), (types) => types.union('task', 4))).toBe(0)
    expect(ask('typeExists', struct('task', {}), (types) => types.forward('task'))).toBe(0)
  })

  test('have the size that they have in the kernel, and 0 where they are not', () => {
    expect(ask('typeSize', struct('task', {}, 8), struct('task', {}, 4096))).toBe(4096)
    expect(ask('typeSize', struct('task', {}), int)).toBe(0)
    expect(
      ask(
        'typeSize',
        (types) => types.typedef('t', types.array(int(types), 3)),
        (types) => types.typedef('t', types.pointer(0)),
      ),
    ).toBe(0)
    expect(
      ask(
        'typeSize',
        (types) => types.typedef('t', int(types)),
        (types) => types.typedef('t', types.int('long', 8)),
      ),
    ).toBe(8)
  })

  test('have the id that they have in the kernel, or in the object', () => {
    const kernel: Build = (types) => {
      int(types)
      return struct('task', {})(types)
    }
    expect(ask('targetTypeId', struct('task', {}), kernel)).toBe(2)
    expect(ask('targetTypeId', struct('tsk', {}), kernel)).toBe(0)
    expect(ask('localTypeId', struct('task', {}), kernel)).toBe(1)
    expect(ask('localTypeId', struct('', {}), kernel)).toBe(1)
  })

  test('of two ids are ambiguous', () => {
    const twice: Build = (types) => Math.max(struct('task', {})(types), struct('task', {})(types))
    expect(ask('targetTypeId', struct('task', {}), twice)).toMatch(/^ambiguous/)
    expect(ask('typeExists', struct('task', {}), twice)).toBe(1)
  })

  test('behind a typedef are compared by what pointers, arrays and parameters lead to', () => {
    const named =
      (to: Build): Build =>
      (types) =>
        types.typedef('t', to(types))
    const fn =
      (returns: Build, ...parameters: Build[]): Build =>
      (types) => {
        const ids = parameters.map((parameter) => parameter(types))
        return types.prototype(returns(types), ids)
      }
    const same = (a: Build, b: Build) => ask('typeExists', named(a), named(b))
    expect(
      same(
        pointer(int),
        pointer((types) => types.int('long', 8)),
      ),
    ).toBe(1)
    expect(same(pointer(int), pointer(struct('a', {})))).toBe(0)
    expect(same(pointer(struct('a', {})), pointer(struct('b', {})))).toBe(1)
    expect(same(pointer(fn(int, int)), pointer(fn(int, int)))).toBe(1)
    expect(same(pointer(fn(int, int)), pointer(fn(int)))).toBe(0)
    expect(same(pointer(fn(int, int)), pointer(fn(int, pointer(int))))).toBe(0)
    expect(same(pointer(fn(int)), pointer(fn(struct('a', {}))))).toBe(0)
    expect(
      same(
        (types) => types.float('double', 8),
        (types) => types.float('double', 8),
      ),
    ).toBe(0)
  })

  test('without a name cannot be looked up', () => {
    expect(ask('typeExists', struct('', {}), struct('', {}))).toMatch(/^failed: .*without a name/)
    expect(ask('typeExists', pointer(int), pointer(int))).toMatch(/^failed/)
  })

  test('take no access', () => {
    expect(resolve({ local: struct('t', {}), kernel: struct('t', {}) }, { kind: 'typeExists', access: '0:1' })).toMatch(
      /^failed/,
    )
  })
})

describe('types match', () => {
  const matches = (local: Build, kernel: Build) => ask('typeMatches', local, kernel) === 1
  const wrap = (member: Build): Build => struct('t', { x: member })

  test('where the kernel has all members, of the same types', () => {
    expect(matches(struct('t', { a: int }), struct('t', { b: int, a: int }))).toBe(true)
    expect(matches(struct('t', { a: int }), struct('t', { b: int }))).toBe(false)
    expect(matches(struct('t', { a: int, b: int }), struct('t', { a: int }))).toBe(false)
    expect(matches(struct('t', { a___1: int }), struct('t', { a: int }))).toBe(true)
  })

  test('only with integers of one name, size and sign', () => {
    expect(
      matches(
        wrap(int),
        wrap((types) => types.int('int', 4, { signed: false })),
      ),
    ).toBe(false)
    expect(
      matches(
        wrap(int),
        wrap((types) => types.int('int', 8, { signed: true })),
      ),
    ).toBe(false)
    expect(
      matches(
        wrap(int),
        wrap((types) => types.int('long', 4, { signed: true })),
      ),
    ).toBe(false)
    expect(
      matches(
        wrap(int),
        wrap((types) => types.constant(types.typedef('pid_t', int(types)))),
      ),
    ).toBe(true)
  })

  test('with structs inside member by member, but behind a pointer by name and kind', () => {
    const inner = (...names: string[]) => struct('inner', Object.fromEntries(names.map((name) => [name, int])))
    expect(matches(wrap(inner('a')), wrap(inner('b')))).toBe(false)
    expect(matches(wrap(pointer(inner('a'))), wrap(pointer(inner('b'))))).toBe(true)
    expect(matches(wrap(pointer(inner('a'))), wrap(pointer((types) => types.forward('inner'))))).toBe(true)
    expect(matches(wrap(pointer(inner('a'))), wrap(pointer((types) => types.forward('inner', 'union'))))).toBe(false)
    expect(matches(wrap(pointer((types) => types.forward('inner'))), wrap(pointer(inner('a'))))).toBe(true)
    expect(matches(wrap(pointer(inner('a'))), wrap(pointer(struct('other', { a: int }))))).toBe(false)
    expect(matches(wrap(pointer(inner('a'))), wrap(inner('a')))).toBe(false)
  })

  test('with anonymous members that have the same', () => {
    const holder = (...names: string[]) =>
      struct('t', { '': struct('', Object.fromEntries(names.map((name) => [name, int]))) })
    expect(matches(holder('a'), holder('b', 'a'))).toBe(true)
    expect(matches(holder('a'), holder('b'))).toBe(false)
  })

  test('with arrays of one length', () => {
    const array =
      (length: number): Build =>
      (types) =>
        types.array(int(types), length)
    expect(matches(wrap(array(3)), wrap(array(3)))).toBe(true)
    expect(matches(wrap(array(3)), wrap(array(4)))).toBe(false)
  })

  test('with enums of one size that have all names, whatever their numbers', () => {
    const narrow =
      (values: Record<string, number>): Build =>
      (types) =>
        types.enumeration('e', values)
    expect(matches(narrow({ A: 1 }), narrow({ B: 1, A: 2 }))).toBe(true)
    expect(matches(narrow({ A: 1, B: 2 }), narrow({ A: 1, C: 2 }))).toBe(false)
    expect(matches(narrow({ A: 1 }), (types) => types.wideEnumeration('e', { A: 1n }))).toBe(false)
    expect(
      matches(
        (types) => types.enumeration('e', { A: 1 }, { size: 8 }),
        (types) => types.wideEnumeration('e', { A: 1n }),
      ),
    ).toBe(true)
  })

  test('with functions parameter by parameter', () => {
    const fn = (...parameters: Build[]): Build =>
      pointer((types) =>
        types.prototype(
          0,
          parameters.map((one) => one(types)),
        ),
      )
    expect(matches(wrap(fn(int, int)), wrap(fn(int, int)))).toBe(true)
    expect(matches(wrap(fn(int)), wrap(fn(int, int)))).toBe(false)
    expect(matches(wrap(fn(int)), wrap(fn(pointer(int))))).toBe(false)
  })
})

describe('enumerators', () => {
  const local: Build = (types) => types.enumeration('e___mine', { ONE___mine: 1, TWO: 2 })
  const value = (kernel: Build, access = '0', from = local) =>
    resolve({ local: from, kernel }, { kind: 'enumeratorValue', access })

  test('have the value that they have in the kernel', () => {
    expect(value((types) => types.enumeration('e', { ZERO: 7, ONE: 8 }))).toBe(8)
    expect(value((types) => types.wideEnumeration('e', { ONE: 0x1234567890n }))).toBe(0x1234567890)
    expect(value((types) => types.wideEnumeration('e', { ONE: -1n }, { signed: true }))).toBe(2n ** 64n - 1n)
  })

  test('of 32 bits are negative or not as libbpf takes them', () => {
    expect(value((types) => types.enumeration('e', { ONE: 0xffffffff }))).toBe(2n ** 64n - 1n)
    expect(value((types) => types.enumeration('e', { ONE: -2 >>> 0 }, { signed: true }))).toBe(2n ** 64n - 2n)
  })

  test('that are not there do not exist, and poison what uses them', () => {
    const kernel: Build = (types) => types.enumeration('e', { ONE: 1 })
    expect(value(kernel, '1')).toBe('poison: enum e has no value TWO')
    expect(value(int)).toBe('poison: there is no enum e')
    expect(resolve({ local, kernel }, { kind: 'enumeratorExists', access: '1' })).toBe(0)
    expect(resolve({ local, kernel }, { kind: 'enumeratorExists', access: '0' })).toBe(1)
  })

  test('are found through typedefs of the same name', () => {
    const named =
      (of: Build): Build =>
      (types) =>
        types.typedef('e_t', of(types))
    expect(
      value(
        named((types) => types.enumeration('', { ONE: 5 })),
        '0',
        named(local),
      ),
    ).toBe(5)
    expect(value(named(int), '0', named(local))).toBe('poison: e_t has no value ONE')
  })

  test.each(['2', '0:0', '', ':0', '0:', 'x'])('"%s" is no enumerator', (access) => {
    expect(value(local, access)).toMatch(/^failed/)
  })
})
