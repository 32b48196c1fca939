import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type MapAddress, mapAddress, programAddress } from '../../src/model/address.ts'
import type { Code } from '../../src/model/program-spec.ts'
import type { DesiredState, MapState, Resource } from '../../src/model/state.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { readCurrent } from '../../src/state/read-current.ts'
import { openLinuxWorld, openMemoryWorld, type TestWorld } from '../contract/test-world.ts'
import { array, desired, link, map, program } from '../support/builders.ts'
import { canTestLinux } from '../support/linux.ts'
import { someResources } from './arbitrary.ts'
import { writeStack } from './write-stack.ts'

const worlds = [
  { name: 'memory', open: openMemoryWorld, can: true },
  { name: 'Linux', open: openLinuxWorld, can: canTestLinux },
]

for (const { name, open, can } of worlds) {
  describe.skipIf(!can)(`the current state on ${name}`, () => {
    const world = can ? open() : ({} as TestWorld)
    afterAll(() => can && world.close())
    testWhole(world)
    testUnknown(world)
    testTrees(world)
    testLinks(world)
  })
}

const stackOf = (stack: string, ...resources: Resource[]): DesiredState => ({ ...desired(...resources), stack })

const read = ({ kernel, bpffs }: TestWorld, stack: string, wanted?: DesiredState): ReturnType<typeof readCurrent> =>
  readCurrent(kernel, { bpffs, stack }, wanted)

const adopt = ({ kernel, bpffs }: TestWorld, stack: string, wanted?: DesiredState): ReturnType<typeof readCurrent> =>
  readCurrent(kernel, { bpffs, stack, adopt: true }, wanted)

function testWhole(world: TestWorld): void {
  const { kernel, bpffs } = world

  test('a stack that does not exist has no trees, no resources and generation 0', () => {
    expect(read(world, 'absent')).toMatchObject({ generation: 0, trees: [], record: undefined, resources: new Map() })
  })

  test('a stack written by hand through the port reads back equal', async () => {
    const wanted = stackOf('whole', ...everyKind(world))
    const { ids } = await writeStack(kernel, bpffs, wanted)
    const found = read(world, 'whole', wanted)
    expect(found.generation).toBe(3)
    expect(sorted(found.resources.values())).toEqual(sorted(wanted.resources.values()))
    expect(new Map([...found.resources].map(([address, it]) => [address, it.live?.id]))).toEqual(ids)
    expect(found.trees.map((tree) => tree.name)).toEqual(['live'])
    expect(found.trees[0]?.pins.filter((pin) => pin.kind === 'foreign')).toEqual([])
    expect(kernel.openDescriptors()).toBe(0)
  })

  test('any combination of maps and programs reads back equal', async () => {
    let count = 0
    await fc.assert(
      fc.asyncProperty(someResources, async (resources) => {
        const wanted = stackOf(`any-${count++}`, ...resources)
        await writeStack(kernel, bpffs, wanted)
        expect(sorted(read(world, wanted.stack, wanted).resources.values())).toEqual(sorted(resources))
      }),
      { numRuns: 25 },
    )
  })
}

function testUnknown(world: TestWorld): void {
  const { kernel, bpffs } = world

  test('adopted without a record, nothing is claimed of load attributes, layout and initial data', async () => {
    const wanted = stackOf('bare', map('flows'), map('rodata', rodata('0011223344556677')), program('main', ['flows']))
    await writeStack(kernel, bpffs, wanted, { record: 'none' })
    const { resources, record, generation } = adopt(world, 'bare')
    expect([record, generation]).toEqual([undefined, 0])
    expect(resources.get(mapAddress('flows'))).toMatchObject({ layout: {}, contents: { kind: 'runtime' } })
    expect(resources.get(mapAddress('rodata'))).toMatchObject({ contents: { kind: 'runtime' } })
    const main = resources.get(programAddress('main'))
    expect(main).toMatchObject({ load: undefined, code: undefined, maps: ['map.flows'] })
    expect(main?.live).not.toHaveProperty('asRecorded')
  })

  test('what the manifest wants says where to look even where no record was adopted with the pins', async () => {
    const entries = { kind: 'entries', entries: [{ key: '01000000', value: '0200000000000000' }] } as const
    const wanted = stackOf('looked', map('flows', { contents: entries }), map('rodata', rodata('aabb')))
    await writeStack(kernel, bpffs, wanted, { record: 'none' })
    const { resources } = adopt(world, 'looked', wanted)
    expect(resources.get(mapAddress('flows'))).toMatchObject({ contents: entries, live: { entries: 1 } })
    expect(resources.get(mapAddress('rodata'))).toMatchObject({ contents: { initial: 'aabb' } })
  })

  test('an entry that is gone is absent, one that somebody changed shows the value that is there', async () => {
    const written = [{ key: '01000000', value: '0200000000000000' }]
    const flows = (entries: typeof written): MapState => map('flows', { contents: { kind: 'entries', entries } })
    await writeStack(kernel, bpffs, stackOf('entries', flows(written)))
    const asked = [
      { key: '01000000', value: 'ff00000000000000' },
      { key: '02000000', value: '0300000000000000' },
    ]
    const { resources } = read(world, 'entries', stackOf('entries', flows(asked)))
    expect(resources.get(mapAddress('flows'))).toMatchObject({ contents: { kind: 'entries', entries: written } })
  })

  test('values of a per-CPU map that differ by CPU are no declared value', async () => {
    const entries = [{ key: '00000000', value: '01000000' }]
    const counters = map('counters', {
      shape: { type: 'percpu_array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 },
      contents: { kind: 'entries', entries },
    })
    const { directory } = await writeStack(kernel, bpffs, stackOf('cpus', counters))
    using fd = kernel.openPin(`${directory}/live/maps/counters`)
    const values = kernel.lookup(fd as never, new Uint8Array(4)) ?? new Uint8Array()
    values[0] = 9
    kernel.update(fd as never, new Uint8Array(4), values)
    const { contents } = read(world, 'cpus').resources.get(mapAddress('counters')) as MapState
    expect(contents.kind === 'entries' && contents.entries[0]?.value).toBe(Buffer.from(values).toString('hex'))
  })

  test('many entries are counted only where the map is to be another one', async () => {
    const flows = (maxEntries: number): MapState =>
      map('flows', { shape: { type: 'hash', keySize: 4, valueSize: 8, maxEntries, flags: 0, mapExtra: 0 } })
    const { directory } = await writeStack(kernel, bpffs, stackOf('many', flows(8000)))
    using fd = kernel.openPin(`${directory}/live/maps/flows`)
    const keys = new Uint8Array(Uint32Array.from({ length: 7000 }, (_, key) => key).buffer)
    kernel.writeEntries(fd as never, { keys, values: new Uint8Array(7000 * 8), count: 7000 })
    const entries = (maxEntries: number) => {
      const { live } = read(world, 'many', stackOf('many', flows(maxEntries))).resources.get(
        mapAddress('flows'),
      ) as MapState
      return live?.entries
    }
    expect([entries(8000), entries(9000)]).toEqual([undefined, 7000])
  })

  test('a program of somebody else in a slot goes by its id', async () => {
    const other = await writeStack(kernel, bpffs, stackOf('other', program('stranger')))
    const mine = await writeStack(kernel, bpffs, stackOf('mine', array('calls', {}), program('main', ['calls'])))
    using calls = kernel.openPin(`${mine.directory}/live/maps/calls`)
    using stranger = kernel.openPin(`${other.directory}/live/programs/stranger`)
    kernel.update(calls as never, new Uint8Array(4), stranger as never)
    const slots = new Map([[0, `#${other.ids.get(programAddress('stranger'))}`]])
    expect(read(world, 'mine').resources.get(mapAddress('calls'))).toMatchObject({ contents: { kind: 'slots', slots } })
  })

  test('a program whose code is not the recorded one is told by its tag', async () => {
    const record = makeRecord(stackOf('swapped', program('main', [], 1)), 1)
    await writeStack(kernel, bpffs, stackOf('swapped', program('main', [], 2)), { record })
    expect(read(world, 'swapped').resources.get(programAddress('main'))?.live).toMatchObject({ asRecorded: false })
  })
}

function testTrees(world: TestWorld): void {
  const { kernel, bpffs } = world

  test('a pin that the record knows and the tree lacks is an absent resource', async () => {
    const record = makeRecord(stackOf('gap', map('kept'), map('lost')), 1)
    await writeStack(kernel, bpffs, stackOf('gap', map('kept')), { record })
    expect([...read(world, 'gap').resources.keys()]).toEqual(['map.kept'])
  })

  test('pins and directories where pinfold puts none are foreign', async () => {
    const { directory, ids } = await writeStack(kernel, bpffs, stackOf('guests', map('flows')))
    kernel.bpffs.makeDirectory(`${directory}/live/extra`)
    kernel.bpffs.makeDirectory(`${directory}/live/maps/extra`)
    kernel.bpffs.link(`${directory}/live/maps/flows`, `${directory}/live/loose`)
    kernel.bpffs.link(`${directory}/live/maps/flows`, `${directory}/live/programs/flows`)
    kernel.bpffs.makeDirectory(`${directory}/gen-x`)
    kernel.bpffs.link(`${directory}/live/maps/flows`, `${directory}/beside`)
    const { trees, strays } = read(world, 'guests')
    const [tree] = trees
    const foreign = tree?.pins.flatMap((pin) => (pin.kind === 'foreign' ? [[pin.path, pin.what]] : []))
    const what = `map #${ids.get(mapAddress('flows'))} (flows)`
    expect(foreign?.sort()).toEqual([
      ['live/extra', 'a directory'],
      ['live/loose', what],
      ['live/maps/extra', 'a directory'],
      ['live/programs/flows', what],
    ])
    expect(tree?.directories).toEqual(['live', 'live/maps', 'live/programs', 'live/links'])
    expect(strays).toEqual([
      { path: 'beside', what },
      { path: 'gen-x', what: 'a directory' },
    ])
  })

  test('pins that the record does not know are foreign, and without a record all are, unless adopted', async () => {
    const wanted = stackOf('strangers', map('flows'), program('main', ['flows']))
    const known = makeRecord(stackOf('strangers', map('flows')), 3)
    await writeStack(kernel, bpffs, wanted, { record: known })
    await writeStack(kernel, bpffs, stackOf('strangers', map('lost')), { tree: 'next', record: 'none' })
    const kinds = ({ trees }: ReturnType<typeof read>): object =>
      Object.fromEntries(trees.flatMap(({ pins }) => pins.map(({ path, kind }) => [path, kind])))
    const record = { 'live/record': 'record' }
    const found = read(world, 'strangers')
    expect(kinds(found)).toEqual({
      ...record,
      'live/maps/flows': 'map',
      'live/programs/main': 'foreign',
      'next/maps/lost': 'foreign',
    })
    expect([...found.resources.keys()]).toEqual(['map.flows'])
    const adopted = adopt(world, 'strangers')
    expect(kinds(adopted)).toEqual({
      ...record,
      'live/maps/flows': 'map',
      'live/programs/main': 'program',
      'next/maps/lost': 'map',
    })
    expect([...adopted.resources.keys()]).toEqual(['map.flows', 'program.main'])
  })

  test('every tree is read with its own record; only live makes resources', async () => {
    const staged = stackOf('trees', map('staged'))
    await writeStack(kernel, bpffs, stackOf('trees', map('now')))
    await writeStack(kernel, bpffs, staged, { tree: 'next', record: makeRecord(staged, 4) })
    await writeStack(kernel, bpffs, staged, { tree: 'gen-2', record: makeRecord(staged, 2) })
    const { trees, resources } = read(world, 'trees')
    expect(trees.map((tree) => [tree.name, tree.record?.generation])).toEqual([
      ['gen-2', 2],
      ['live', 3],
      ['next', 4],
    ])
    expect([...resources.keys()]).toEqual(['map.now'])
  })

  test('a map without a pin is found through the program that uses it', async () => {
    const hidden = map('hidden', { pinned: false })
    const wanted = stackOf('unpinned', map('a'), hidden, program('main', ['a', 'hidden']))
    const { ids } = await writeStack(kernel, bpffs, wanted)
    const live = { id: ids.get(mapAddress('hidden')), pins: [] }
    expect(read(world, 'unpinned').resources.get(mapAddress('hidden'))).toMatchObject({ pinned: false, live })
  })

  test('every pin of one object is told', async () => {
    const record = makeRecord(stackOf('twice', map('flows'), map('alias')), 1)
    const { directory } = await writeStack(kernel, bpffs, stackOf('twice', map('flows')), { record })
    kernel.bpffs.link(`${directory}/live/maps/flows`, `${directory}/live/maps/alias`)
    const pins = ['live/maps/alias', 'live/maps/flows']
    expect(read(world, 'twice').resources.get(mapAddress('flows'))?.live).toMatchObject({ pins })
  })
}

function testLinks(world: TestWorld): void {
  const { kernel, bpffs, places } = world

  test('a link keeps what only the record knows while the kernel agrees, and is severed with its device', async () => {
    const ifindex = kernel.interfaceIndex(places.interface) ?? 0
    const target = { kind: 'xdp', interface: 'an old name', ifindex, mode: 'generic' } as const
    await writeStack(kernel, bpffs, stackOf('linked', program('main'), link('near', 'main', { target })))
    const near = (): Resource | undefined => read(world, 'linked').resources.get('link.near')
    expect(near()).toMatchObject({ target, live: { severed: false } })
    world.removeInterface()
    expect(near()).toMatchObject({ target, live: { severed: true } })
  })

  test('where the record names another target, the kernel is believed', async () => {
    const attachType = 'sk_lookup'
    const inode = kernel.namespaceInode(places.namespace) ?? 0
    const target = { kind: 'netns', path: places.namespace, inode, attachType } as const
    const lookup = skLookup('lookup')
    const recorded = link('guard', 'lookup', { target: { ...target, inode: 1 } })
    const record = makeRecord(stackOf('moved', lookup, recorded), 1)
    await writeStack(kernel, bpffs, stackOf('moved', lookup, link('guard', 'lookup', { target })), { record })
    expect(read(world, 'moved').resources.get('link.guard')).toMatchObject({ target: { inode, attachType } })
  })
}

const rodata = (initial: string): Partial<MapState> => ({
  shape: { type: 'array', keySize: 4, valueSize: initial.length / 2, maxEntries: 1, flags: 0, mapExtra: 0 },
  contents: { kind: 'data', initial, frozen: true },
})

const skLookup = (name: string): Resource => ({
  ...program(name, [], 1),
  load: { type: 'sk_lookup', attachType: 'sk_lookup', flags: 0, license: 'GPL' },
})

/** One of everything that a State can hold. */
function everyKind({ kernel, places }: TestWorld): Resource[] {
  const inner = map('inner_map').shape
  const outer = {
    type: 'array_of_maps',
    keySize: 4,
    valueSize: 4,
    maxEntries: 4,
    flags: 0,
    mapExtra: 0,
    inner,
  } as const
  const inode = kernel.namespaceInode(places.namespace) ?? 0
  return [
    map('flows', { contents: { kind: 'entries', entries: [{ key: '0a000000', value: '1400000000000000' }] } }),
    map('per_cpu', {
      shape: { type: 'percpu_array', keySize: 4, valueSize: 4, maxEntries: 2, flags: 0, mapExtra: 0 },
      contents: { kind: 'entries', entries: [{ key: '01000000', value: 'deadbeef' }] },
    }),
    map('rodata', rodata('00112233')),
    map('bss', { ...rodata('00000000'), contents: { kind: 'data', initial: '00000000', frozen: false } }),
    map('inner_map'),
    map('tables', {
      shape: outer,
      layout: {},
      contents: { kind: 'inner', slots: new Map([[2, mapAddress('inner_map')]]) },
    }),
    array('calls', { 3: 'main' }),
    program('main', ['flows', 'calls']),
    skLookup('lookup'),
    link('guard', 'lookup', {
      target: { kind: 'netns', path: places.namespace, inode, attachType: 'sk_lookup' },
    }),
  ]
}

/** What both sides tell, in a stable order. */
const sorted = (resources: Iterable<Resource>): unknown[] =>
  [...resources]
    .map(({ live: _, ...rest }) => ('code' in rest && rest.code ? { ...rest, code: looked(rest.code) } : rest))
    .sort((a, b) => (a.address < b.address ? -1 : 1))

/** What is read from a record is decoded when it is looked at. */
const looked = ({ instructions, references }: Code<MapAddress>): Code<MapAddress> => ({ instructions, references })
