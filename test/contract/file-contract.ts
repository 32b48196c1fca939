import { expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { canExchange } from './older-kernels.ts'
import { errnoOf, eventually, idOf, isAlive, load, makeMap, numberIn, type TestWorld, u32 } from './test-world.ts'

/** Pins and directories. */
export function fileContract(world: () => TestWorld): void {
  const open = (): {
    readonly kernel: Kernel
    readonly files: Kernel['bpffs']
    readonly at: (path: string) => string
  } => {
    const { kernel, bpffs } = world()
    const directory = `${bpffs}/files${++directories}`
    kernel.bpffs.makeDirectory(directory)
    return { kernel, files: kernel.bpffs, at: (path) => `${directory}/${path}` }
  }
  /** Pins a map with a number in it, and closes it. */
  const pinMap = (kernel: Kernel, path: string, value = 0): number => {
    using map = makeMap(kernel)
    kernel.update(map, u32(0), u32(value))
    kernel.pin(map, path)
    return idOf(kernel, map)
  }
  const idAt = (kernel: Kernel, path: string): number => kernel.describePin(path).id

  test('a path knows its mount', () => {
    const { files, at } = open()
    expect(files.mountOf(at('x/y'))).toEqual({ mountPoint: world().bpffs })
    expect(files.mountOf('/proc/self')).toBeUndefined()
    expect(
      files
        .mounts()
        .list()
        .map(({ mountPoint }) => mountPoint),
    ).toContain(world().bpffs)
  })

  test('a pin keeps its object and opens it again', async () => {
    const { kernel, at } = open()
    const id = pinMap(kernel, at('m'), 7)
    using program = await load(kernel)
    kernel.pin(program, at('p'))
    using map = kernel.openPin(at('m'))
    using again = kernel.openPin(at('p'))
    expect([map.kind, idOf(kernel, map), again.kind]).toEqual(['map', id, 'program'])
    expect(kernel.describePin(at('p'))).toEqual(kernel.describe(program))
    expect([kernel.idOf(map), kernel.idOf(again)]).toEqual([id, kernel.describe(program).id])
    if (map.kind === 'map') expect(numberIn(kernel.lookup(map as typeof map & { kind: 'map' }, u32(0)))).toBe(7)
  })

  test('the last name of a pin takes the object with it', async () => {
    const { kernel, files, at } = open()
    const id = pinMap(kernel, at('a'))
    files.link(at('a'), at('b'))
    files.unpin(at('a'))
    expect(idAt(kernel, at('b'))).toBe(id)
    files.unpin(at('b'))
    expect(await eventually(false, () => isAlive(kernel, 'map', id))).toBe(false)
  })

  test('what a new name may be', () => {
    const { kernel, files, at } = open()
    using map = makeMap(kernel)
    const pin = (name: string): string => errnoOf(() => kernel.pin(map, at(name)))
    const directory = (name: string): string => errnoOf(() => files.makeDirectory(at(name)))
    for (const make of [pin, directory]) {
      expect(make('a.b')).toBe('EPERM')
      expect(make('x'.repeat(256))).toBe('ENAMETOOLONG')
      expect(make(`${'x'.repeat(254)}${make === pin ? 'p' : 'd'}`)).toBe('ok')
      expect(make(`a:b_${make === pin ? 'p' : 'd'}`)).toBe('ok')
      expect(make('missing/x')).toBe('ENOENT')
    }
    expect(pin('pin')).toBe('ok')
    expect([pin('pin'), directory('pin')]).toEqual(['EEXIST', 'EEXIST'])
    expect([pin('pin/x'), directory('pin/x')]).toEqual(['ENOTDIR', 'ENOTDIR'])
    expect(directory('directory')).toBe('ok')
    expect([pin('directory'), directory('directory')]).toEqual(['EEXIST', 'EEXIST'])
  })

  test('nothing is pinned outside a bpffs', () => {
    const { kernel } = world()
    using map = makeMap(kernel)
    expect(errnoOf(() => kernel.pin(map, '/sys/fs/pinfold-test'))).toBe('EPERM')
    expect(errnoOf(() => kernel.pin(map, '/sys/pinfold-missing/x'))).toBe('ENOENT')
  })

  test('what is no pin is not opened', () => {
    const { kernel, files, at } = open()
    files.makeDirectory(at('d'))
    expect(errnoOf(() => kernel.openPin(at('d')))).toBe('EACCES')
    expect(errnoOf(() => kernel.openPin(at('missing')))).toBe('ENOENT')
    expect(errnoOf(() => kernel.openPin('/sys/fs'))).toBe('EACCES')
    expect(errnoOf(() => kernel.describePin(at('missing/x')))).toBe('ENOENT')
  })

  test('stat and list tell what is there', () => {
    const { kernel, files, at } = open()
    pinMap(kernel, at('m'))
    files.makeDirectory(at('d'))
    expect(files.stat(at('m'))).toMatchObject({ kind: 'pin', uid: 0, gid: 0, mode: 0o600 })
    expect(files.stat(at('d'))).toMatchObject({ kind: 'directory', uid: 0, gid: 0, mode: 0o700 })
    expect([files.stat(at('missing')), files.stat(at('missing/x'))]).toEqual([undefined, undefined])
    expect(files.list(at(''))).toEqual([
      { name: 'd', directory: true },
      { name: 'm', directory: false },
    ])
    expect(errnoOf(() => files.list(at('missing')))).toBe('ENOENT')
    expect(errnoOf(() => files.list(at('m')))).toBe('ENOTDIR')
  })

  test('a directory is described with everything in it, sorted', async () => {
    const { kernel, files, at } = open()
    using program = await load(kernel)
    const names = Array.from({ length: 150 }, (_, i) => `m${1000 + i}`)
    for (const name of names.toReversed()) pinMap(kernel, at(name))
    kernel.pin(program, at('p'))
    files.makeDirectory(at('d'))
    expect(kernel.describePins(at(''))).toEqual([
      { name: 'd', directory: true, info: undefined },
      ...names.map((name) => ({ name, directory: false, info: kernel.describePin(at(name)) })),
      { name: 'p', directory: false, info: kernel.describe(program) },
    ])
    expect(kernel.describePins(at('d'))).toEqual([])
    expect(errnoOf(() => kernel.describePins(at('missing')))).toBe('ENOENT')
    expect(errnoOf(() => kernel.describePins(at('p')))).toBe('ENOTDIR')
  })

  test('pins that are asked about ahead are described as they were then, once', async () => {
    const { kernel, files, at } = open()
    for (const name of ['full', 'empty']) files.makeDirectory(at(name))
    const ids = Array.from({ length: 130 }, (_, index) => pinMap(kernel, at(`full/m${1000 + index}`)))
    await kernel.readAhead([at('full'), at('empty'), at('missing')])
    const entries = kernel.describePins(at('full'))
    expect(entries.map(({ info }) => info?.id)).toEqual(ids)
    expect(entries[7]).toEqual({ name: 'm1007', directory: false, info: kernel.describePin(at('full/m1007')) })
    expect(kernel.describePins(at('empty'))).toEqual([])
    expect(errnoOf(() => kernel.describePins(at('missing')))).toBe('ENOENT')
    files.unpin(at('full/m1000'))
    expect(kernel.describePins(at('full')).length).toBe(129)
  })

  test('owner and mode are changed, and go with the inode', () => {
    const { kernel, files, at } = open()
    pinMap(kernel, at('m'))
    files.makeDirectory(at('d'))
    files.setOwnership(at('m'), { uid: 1, gid: 2, mode: 0o640 })
    files.setOwnership(at('d'), { mode: 0o1750 })
    files.rename(at('m'), at('n'))
    files.link(at('n'), at('l'))
    for (const name of ['n', 'l']) expect(files.stat(at(name))).toMatchObject({ uid: 1, gid: 2, mode: 0o640 })
    expect(files.stat(at('d'))).toMatchObject({ uid: 0, mode: 0o1750 })
    expect(files.stat(at('n'))?.inode).toBe(files.stat(at('l'))?.inode)
    expect(errnoOf(() => files.setOwnership(at('missing'), { uid: 1 }))).toBe('ENOENT')
  })

  test('names are removed by their kind', () => {
    const { kernel, files, at } = open()
    pinMap(kernel, at('m'))
    files.makeDirectory(at('d'))
    files.makeDirectory(at('d/e'))
    expect(errnoOf(() => files.unpin(at('d')))).toBe('EISDIR')
    expect(errnoOf(() => files.unpin(at('missing')))).toBe('ENOENT')
    expect(errnoOf(() => files.removeDirectory(at('m')))).toBe('ENOTDIR')
    expect(errnoOf(() => files.removeDirectory(at('d')))).toBe('ENOTEMPTY')
    expect(errnoOf(() => files.removeDirectory(at('missing')))).toBe('ENOENT')
    expect(errnoOf(() => files.removeDirectory(world().bpffs))).toBe('EBUSY')
    files.removeDirectory(at('d/e'))
    files.removeDirectory(at('d'))
    expect(files.stat(at('d'))).toBeUndefined()
  })

  test('a second name is refused where it cannot be', () => {
    const { kernel, files, at } = open()
    pinMap(kernel, at('m'))
    files.makeDirectory(at('d'))
    expect(errnoOf(() => files.link(at('missing'), at('x')))).toBe('ENOENT')
    expect(errnoOf(() => files.link(at('m'), at('d')))).toBe('EEXIST')
    expect(errnoOf(() => files.link(at('m'), at('m')))).toBe('EEXIST')
    expect(errnoOf(() => files.link(at('d'), at('x')))).toBe('EACCES')
    expect(errnoOf(() => files.link(at('m'), at('a.b')))).toBe('EPERM')
    expect(errnoOf(() => files.link(at('m'), '/sys/fs/pinfold-test'))).toBe('EXDEV')
  })

  test('a rename never replaces', () => {
    const { kernel, files, at } = open()
    const id = pinMap(kernel, at('m'))
    files.makeDirectory(at('d'))
    expect(errnoOf(() => files.rename(at('m'), at('d')))).toBe('EEXIST')
    expect(errnoOf(() => files.rename(at('m'), at('m')))).toBe('EEXIST')
    expect(errnoOf(() => files.rename(at('missing'), at('x')))).toBe('ENOENT')
    expect(errnoOf(() => files.rename(at('m'), at('missing/x')))).toBe('ENOENT')
    expect(errnoOf(() => files.rename(at('d'), at('d/e')))).toBe('EINVAL')
    files.rename(at('m'), at('d/m'))
    files.rename(at('d'), at('e'))
    expect(idAt(kernel, at('e/m'))).toBe(id)
  })

  test('a replacement drops what was there, if the kinds agree', async () => {
    const { kernel, files, at } = open()
    const displaced = pinMap(kernel, at('old'))
    const id = pinMap(kernel, at('new'))
    files.makeDirectory(at('d'))
    files.makeDirectory(at('e'))
    files.makeDirectory(at('e/f'))
    expect(errnoOf(() => files.replace(at('new'), at('d')))).toBe('EISDIR')
    expect(errnoOf(() => files.replace(at('d'), at('new')))).toBe('ENOTDIR')
    expect(errnoOf(() => files.replace(at('d'), at('e')))).toBe('ENOTEMPTY')
    expect(errnoOf(() => files.replace(at('e/f'), at('e')))).toBe('ENOTEMPTY')
    files.replace(at('e'), at('d'))
    expect(files.stat(at('d/f'))?.kind).toBe('directory')
    files.replace(at('new'), at('old'))
    expect([idAt(kernel, at('old')), files.stat(at('new'))]).toEqual([id, undefined])
    expect(await eventually(false, () => isAlive(kernel, 'map', displaced))).toBe(false)
  })

  test('a replacement by another name of the same pin changes nothing', () => {
    const { kernel, files, at } = open()
    pinMap(kernel, at('a'))
    files.link(at('a'), at('b'))
    files.replace(at('a'), at('b'))
    expect(files.list(at('')).map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('two names of any kind are exchanged, if neither is inside the other', ({ skip }) => {
    const { kernel, files, at } = open()
    if (!canExchange(kernel, at('').slice(0, -1))) skip('bpffs cannot exchange on this kernel')
    const id = pinMap(kernel, at('m'))
    files.makeDirectory(at('d'))
    const inner = pinMap(kernel, at('d/n'))
    files.exchange(at('m'), at('d'))
    expect([idAt(kernel, at('d')), idAt(kernel, at('m/n'))]).toEqual([id, inner])
    expect(errnoOf(() => files.exchange(at('m'), at('m/n')))).toBe('EINVAL')
    expect(errnoOf(() => files.exchange(at('m/n'), at('m')))).toBe('EINVAL')
    expect(errnoOf(() => files.exchange(at('m'), at('missing')))).toBe('ENOENT')
    expect(errnoOf(() => files.exchange(at('missing'), at('m')))).toBe('ENOENT')
    expect(errnoOf(() => files.exchange(at('m'), at('m')))).toBe('ok')
  })

  test('a lock on a directory is held by one, through renames, until it is given up', () => {
    const { kernel, files, at } = open()
    const other = world().open()
    files.makeDirectory(at('d'))
    pinMap(kernel, at('m'))
    const lock = files.lock(at('d'))
    expect(lock).toBeDefined()
    expect([files.lock(at('d')), other.bpffs.lock(at('d'))]).toEqual([undefined, undefined])
    files.rename(at('d'), at('e'))
    expect(files.lock(at('e'))).toBeUndefined()
    lock?.[Symbol.dispose]()
    lock?.[Symbol.dispose]()
    const next = other.bpffs.lock(at('e'))
    expect(next).toBeDefined()
    next?.[Symbol.dispose]()
    expect(errnoOf(() => files.lock(at('missing')))).toBe('ENOENT')
    expect(errnoOf(() => files.lock(at('m')))).toBe('ENOTDIR')
    other.close()
  })
}

let directories = 0
