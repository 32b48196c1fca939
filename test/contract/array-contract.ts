import { expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { tailCall, useMaps } from './assembly.ts'
import { answersSince, canExchange } from './older-kernels.ts'
import {
  errnoOf,
  errnoOfLoad,
  eventually,
  idOf,
  isAlive,
  load,
  makeMap,
  numberIn,
  settled,
  type TestWorld,
  u32,
} from './test-world.ts'

/** Program arrays: slots, owners, and what happens at the last user reference. */
export function arrayContract(world: () => TestWorld): void {
  const open = (): { readonly kernel: Kernel; readonly directory: string } => {
    const { kernel, bpffs } = world()
    const directory = `${bpffs}/array${++directories}`
    kernel.bpffs.makeDirectory(directory)
    return { kernel, directory }
  }

  test('a slot answers with the program id; an empty one with nothing', async () => {
    const { kernel } = world()
    using array = makeMap(kernel, { type: 'prog_array' })
    using program = await load(kernel)
    expect(kernel.lookup(array, u32(0))).toBeUndefined()
    expect(kernel.lookup(array, u32(4))).toBeUndefined()
    expect(kernel.remove(array, u32(0))).toBe(false)
    kernel.update(array, u32(0), program)
    expect(numberIn(kernel.lookup(array, u32(0)))).toBe(idOf(kernel, program))
    expect([...kernel.keys(array)].length).toBe(4)
    expect(kernel.remove(array, u32(0))).toBe(true)
    expect(kernel.lookup(array, u32(0))).toBeUndefined()
  })

  test('slots are set without a mode, and only those there are', async () => {
    const { kernel } = world()
    using array = makeMap(kernel, { type: 'prog_array' })
    using program = await load(kernel)
    expect(errnoOf(() => kernel.update(array, u32(0), program, 'create'))).toBe('EINVAL')
    expect(errnoOf(() => kernel.update(array, u32(0), program, 'replace'))).toBe('EINVAL')
    expect(errnoOf(() => kernel.update(array, u32(4), program))).toBe('E2BIG')
    expect(errnoOf(() => kernel.remove(array, u32(4)))).toBe('E2BIG')
    expect(errnoOf(() => kernel.update(array, u32(0), array))).toBe('EINVAL')
  })

  test('it tells what type of program it takes, once its first program has decided that', async () => {
    const { kernel } = world()
    const ownerType = (map: Fd<'map'>): unknown => {
      const info = kernel.describe(map)
      return info.kind === 'map' ? info.ownerType : 'no map'
    }
    using array = makeMap(kernel, { type: 'prog_array' })
    using hash = makeMap(kernel, { type: 'hash' })
    expect([ownerType(array), ownerType(hash)]).toEqual([undefined, undefined])
    using xdp = await load(kernel)
    kernel.update(array, u32(0), xdp)
    expect(ownerType(array)).toBe('xdp')
    using called = makeMap(kernel, { type: 'prog_array' })
    using _caller = await load(kernel, useMaps([called]), { type: 'sched_cls' })
    expect(ownerType(called)).toBe('sched_cls')
  })

  test('the first program in it decides the type and attach type of the others', async () => {
    const { kernel } = world()
    using array = makeMap(kernel, { type: 'prog_array' })
    using xdp = await load(kernel)
    using attached = await load(kernel, undefined, { attachType: 'xdp' })
    using classifier = await load(kernel, undefined, { type: 'sched_cls' })
    kernel.update(array, u32(0), xdp)
    expect(errnoOf(() => kernel.update(array, u32(1), classifier))).toBe('EINVAL')
    // 5.10 compares the types alone.
    if (answersSince(kernel, '6.1')) expect(errnoOf(() => kernel.update(array, u32(1), attached))).toBe('EINVAL')
    kernel.remove(array, u32(0))
    expect(errnoOf(() => kernel.update(array, u32(1), classifier))).toBe('EINVAL')
  })

  test('the first program that refers to it decides as well', async () => {
    const { kernel } = world()
    using array = makeMap(kernel, { type: 'prog_array' })
    using caller = await load(kernel, tailCall(array), { type: 'sched_cls' })
    expect(await errnoOfLoad(load(kernel, tailCall(array)))).toBe('EINVAL')
    using xdp = await load(kernel)
    expect(errnoOf(() => kernel.update(array, u32(0), xdp))).toBe('EINVAL')
    kernel.update(array, u32(0), caller)
  })

  test('programs that use a frozen array load, but nobody fills it', async () => {
    const { kernel } = world()
    using array = makeMap(kernel, { type: 'prog_array' })
    using program = await load(kernel)
    kernel.update(array, u32(0), program)
    kernel.freeze(array)
    using _caller = await load(kernel, tailCall(array))
    expect(errnoOf(() => kernel.update(array, u32(1), program))).toBe('EPERM')
    expect(numberIn(kernel.lookup(array, u32(0)))).toBe(idOf(kernel, program))
  })

  test('its last descriptor empties it, whoever still uses it, and frees what was in it', async () => {
    const { kernel } = world()
    const { array, caller, callee } = await filled(kernel)
    using _ = caller
    const [arrayId, calleeId] = [idOf(kernel, array), idOf(kernel, callee)]
    callee[Symbol.dispose]()
    array[Symbol.dispose]()
    expect(await eventually(false, () => isAlive(kernel, 'program', calleeId))).toBe(false)
    expect(await slotsById(kernel, arrayId)).toEqual([])
  })

  test.each([
    ['a frozen array', (kernel: Kernel, array: Fd<'map'>) => kernel.freeze(array)],
    ['an array whose user is pinned', undefined],
  ])('%s is emptied all the same', async (_, prepare) => {
    const { kernel, directory } = open()
    const { array, caller, callee } = await filled(kernel)
    const id = idOf(kernel, array)
    kernel.pin(caller, `${directory}/caller`)
    prepare?.(kernel, array)
    caller[Symbol.dispose]()
    array[Symbol.dispose]()
    using used = callee
    expect(idOf(kernel, used)).toBeGreaterThan(0)
    expect(await slotsById(kernel, id)).toEqual([])
    kernel.bpffs.unpin(`${directory}/caller`)
  })

  test('a pin holds it, and so does a second name of that pin, until the last name goes', async () => {
    const { kernel, directory } = open()
    const { array, caller, callee } = await filled(kernel)
    const [id, calleeId] = [idOf(kernel, array), idOf(kernel, callee)]
    kernel.pin(array, `${directory}/a`)
    kernel.bpffs.link(`${directory}/a`, `${directory}/b`)
    callee[Symbol.dispose]()
    array[Symbol.dispose]()
    kernel.bpffs.unpin(`${directory}/a`)
    await kernel.waitForReaders()
    expect(slotsAt(kernel, `${directory}/b`)).toEqual([calleeId])
    kernel.bpffs.unpin(`${directory}/b`)
    expect(await slotsById(kernel, id, directory)).toEqual([])
    caller[Symbol.dispose]()
  })

  test('another process holds it too, until it ends', async () => {
    const { kernel } = world()
    const other = world().open()
    const { array, caller, callee } = await filled(kernel)
    using _ = caller
    const [id, calleeId] = [idOf(kernel, array), idOf(kernel, callee)]
    const theirs = other.openById('map', id)
    callee[Symbol.dispose]()
    array[Symbol.dispose]()
    await kernel.waitForReaders()
    expect(numberIn(other.lookup(theirs, u32(0)))).toBe(calleeId)
    other.close()
    expect(await slotsById(kernel, id)).toEqual([])
  })

  test('a rename over its pin empties it', async () => {
    const { kernel, directory } = open()
    const { array, caller, callee } = await filled(kernel)
    using _caller = caller
    using _callee = callee
    const id = idOf(kernel, array)
    kernel.pin(array, `${directory}/array`)
    array[Symbol.dispose]()
    using next = makeMap(kernel, { type: 'prog_array' })
    kernel.pin(next, `${directory}/next`)
    kernel.bpffs.replace(`${directory}/next`, `${directory}/array`)
    expect(await slotsById(kernel, id, directory)).toEqual([])
  })

  test('an exchange of pins, or of the directories around them, keeps both held', async ({ skip }) => {
    const { kernel, directory } = open()
    if (!canExchange(kernel, directory)) skip('bpffs cannot exchange on this kernel')
    const { array, caller, callee } = await filled(kernel)
    const calleeId = idOf(kernel, callee)
    using _ = callee
    caller[Symbol.dispose]()
    for (const name of ['live', 'next']) kernel.bpffs.makeDirectory(`${directory}/${name}`)
    kernel.pin(array, `${directory}/live/array`)
    array[Symbol.dispose]()
    using other = makeMap(kernel, { type: 'prog_array' })
    kernel.pin(other, `${directory}/next/other`)
    kernel.bpffs.exchange(`${directory}/live/array`, `${directory}/next/other`)
    kernel.bpffs.exchange(`${directory}/live`, `${directory}/next`)
    await kernel.waitForReaders()
    expect(slotsAt(kernel, `${directory}/live/other`)).toEqual([calleeId])
    expect(slotsAt(kernel, `${directory}/next/array`)).toEqual([])
  })

  test('an array and a program that refer to each other go when nobody uses the array', async () => {
    const { kernel } = world()
    const array = makeMap(kernel, { type: 'prog_array' })
    const program = await load(kernel, tailCall(array))
    kernel.update(array, u32(0), program)
    const ids = [idOf(kernel, array), idOf(kernel, program)] as const
    program[Symbol.dispose]()
    await kernel.waitForReaders()
    expect(numberIn(kernel.lookup(array, u32(0)))).toBe(ids[1])
    array[Symbol.dispose]()
    expect(await eventually(false, () => isAlive(kernel, 'map', ids[0]))).toBe(false)
    expect(await eventually(false, () => isAlive(kernel, 'program', ids[1]))).toBe(false)
  })

  test('an emptied array that a program uses can be opened by its id, held and filled again', async () => {
    const { kernel, directory } = open()
    const { array, caller, callee } = await filled(kernel)
    using _ = caller
    const id = idOf(kernel, array)
    array[Symbol.dispose]()
    await settled(kernel)
    using again = kernel.openById('map', id)
    kernel.pin(again, `${directory}/rescued`)
    await settled(kernel)
    kernel.update(again, u32(0), callee)
    const calleeId = idOf(kernel, callee)
    callee[Symbol.dispose]()
    expect(await eventually([calleeId], () => slotsAt(kernel, `${directory}/rescued`))).toEqual([calleeId])
    kernel.bpffs.unpin(`${directory}/rescued`)
  })

  test('a program holds the maps that it uses', async () => {
    const { kernel } = world()
    const map = makeMap(kernel, { type: 'hash' })
    const id = idOf(kernel, map)
    const program = await load(kernel, useMaps([map]))
    map[Symbol.dispose]()
    expect(isAlive(kernel, 'map', id)).toBe(true)
    program[Symbol.dispose]()
    expect(await eventually(false, () => isAlive(kernel, 'map', id))).toBe(false)
  })
}

let directories = 0

interface Filled {
  readonly array: Fd<'map'>
  readonly caller: Fd<'program'>
  readonly callee: Fd<'program'>
}

/** A program array, a program that tail-calls through it, and one in its slot 0. */
async function filled(kernel: Kernel): Promise<Filled> {
  const array = makeMap(kernel, { type: 'prog_array' })
  const caller = await load(kernel, tailCall(array))
  const callee = await load(kernel)
  kernel.update(array, u32(0), callee)
  return { array, caller, callee }
}

/** The slots of an array that nobody holds. */
async function slotsById(kernel: Kernel, id: number, directory?: string): Promise<number[]> {
  await settled(kernel, directory)
  using array = kernel.openById('map', id)
  return slotsOf(kernel, array)
}

function slotsAt(kernel: Kernel, path: string): number[] {
  using array = kernel.openPin(path) as Fd<'map'>
  return slotsOf(kernel, array)
}

const slotsOf = (kernel: Kernel, array: Fd<'map'>): number[] =>
  [...kernel.keys(array)].flatMap((key) => numberIn(kernel.lookup(array, key)) ?? [])
