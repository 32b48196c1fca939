import type { Fd, Kernel, ObjectKind } from '../../src/kernel/kernel.ts'
import { writeRecord } from '../../src/kernel/record-map.ts'
import { type Address, nameOf } from '../../src/model/address.ts'
import { mapTypeRule } from '../../src/model/map-types.ts'
import type { StackRecord } from '../../src/model/record.ts'
import type { DesiredState, LinkState, MapState, ProgramState, Resource } from '../../src/model/state.ts'
import { makeRecord } from '../../src/plan/make-record.ts'
import { fromHex } from '../../src/util/hex.ts'

export interface WrittenStack {
  /** Ids by address. */
  readonly ids: ReadonlyMap<Address, number>
  readonly directory: string
}

export interface WriteOptions {
  /** The tree to write; default `live`. */
  readonly tree?: string
  /** Default generation 3. `none`: no record. */
  readonly record?: StackRecord | 'none'
}

/** Writes a stack by hand through the port, without any of pinfold's own steps, and closes every descriptor. */
export async function writeStack(
  kernel: Kernel,
  bpffs: string,
  state: DesiredState,
  options: WriteOptions = {},
): Promise<WrittenStack> {
  const { tree = 'live', record = makeRecord(state, 3) } = options
  const directory = `${bpffs}/${state.stack}`
  const root = `${directory}/${tree}`
  const folders = [directory, root, ...['maps', 'programs', 'links'].map((folder) => `${root}/${folder}`)]
  for (const path of folders) if (!kernel.bpffs.stat(path)) kernel.bpffs.makeDirectory(path)
  const fds = new Map<string, Fd<ObjectKind>>()
  try {
    await writeResources({ kernel, root, fds }, [...state.resources.values()])
    if (record !== 'none') writeRecord(kernel, record, `${root}/record`)
    return { directory, ids: new Map([...fds].map(([address, fd]) => [address as Address, kernel.describe(fd).id])) }
  } finally {
    for (const fd of fds.values()) fd[Symbol.dispose]()
  }
}

interface Writing {
  readonly kernel: Kernel
  readonly root: string
  readonly fds: Map<string, Fd<ObjectKind>>
}

async function writeResources(writing: Writing, resources: readonly Resource[]): Promise<void> {
  const maps = resources.filter((it) => it.kind === 'map')
  const holdsMaps = (map: MapState): boolean => mapTypeRule(map.shape.type).holds === 'maps'
  for (const map of [...maps.filter((it) => !holdsMaps(it)), ...maps.filter(holdsMaps)]) writeMap(writing, map)
  for (const program of resources.filter((it) => it.kind === 'program')) await writeProgram(writing, program)
  for (const map of maps) writeHeld(writing, map)
  for (const link of resources.filter((it) => it.kind === 'link')) writeLink(writing, link)
}

function writeMap({ kernel, root, fds }: Writing, map: MapState): void {
  const name = nameOf(map.address)
  using template = map.shape.inner ? kernel.createMap({ name: 'inner', shape: map.shape.inner }) : undefined
  const fd = kernel.createMap({ name: map.name, shape: map.shape, ...(template ? { inner: template } : {}) })
  fds.set(map.address, fd)
  if (map.pinned) kernel.pin(fd, `${root}/maps/${name}`)
  if (map.contents.kind === 'entries') {
    for (const { key, value } of map.contents.entries) kernel.update(fd, fromHex(key), onEveryCpu(kernel, map, value))
  }
  if (map.contents.kind !== 'data') return
  kernel.update(fd, new Uint8Array(4), fromHex(map.contents.initial ?? ''))
  if (map.contents.frozen) kernel.freeze(fd)
}

function onEveryCpu(kernel: Kernel, map: MapState, value: string): Uint8Array {
  if (!mapTypeRule(map.shape.type).perCpu) return fromHex(value)
  const padded = value.padEnd(Math.ceil(map.shape.valueSize / 8) * 16, '0')
  return fromHex(padded.repeat(kernel.identity.possibleCpus))
}

async function writeProgram({ kernel, root, fds }: Writing, program: ProgramState): Promise<void> {
  const { address, name, load, code } = program
  if (!load || !code) throw new Error(`${address} has no code`)
  const references = code.references.map(({ map, ...rest }) => ({ ...rest, map: fds.get(map) as Fd<'map'> }))
  const fd = await kernel.loadProgram({ name, load, instructions: code.instructions, references })
  fds.set(address, fd)
  kernel.pin(fd, `${root}/programs/${nameOf(address)}`)
}

function writeHeld({ kernel, fds }: Writing, map: MapState): void {
  if (map.contents.kind !== 'slots' && map.contents.kind !== 'inner') return
  for (const [index, held] of map.contents.slots) {
    const fd = fds.get(held)
    if (fd) kernel.update(fds.get(map.address) as Fd<'map'>, word(index), fd as Fd<'program'>)
  }
}

function writeLink({ kernel, root, fds }: Writing, link: LinkState): void {
  const { target, address } = link
  const map = target.kind === 'iter' && target.map ? { map: fds.get(target.map) as Fd<'map'> } : {}
  const fd = kernel.createLink({ program: fds.get(link.program) as Fd<'program'>, target, ...map })
  fds.set(address, fd)
  kernel.pin(fd, `${root}/links/${nameOf(address)}`)
}

/** A number as four bytes of this machine. */
export const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)
