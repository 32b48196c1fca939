import { type Address, linkAddress, mapAddress, programAddress } from '../../src/model/address.ts'
import type { LinkTarget } from '../../src/model/link-spec.ts'
import type { MapShape } from '../../src/model/map-spec.ts'
import type { Code } from '../../src/model/program-spec.ts'
import type { DesiredState, LinkState, MapState, ProgramState, Resource } from '../../src/model/state.ts'

/** A stack of one XDP entry program that tail-calls two others; what a test is about is given. */
export interface StackOptions {
  readonly stack?: string
  readonly interface?: string
  readonly ifindex?: number
  /** What the programs return: another number is another code. */
  readonly verdicts?: Partial<Record<'ingress' | 'v4' | 'v6', number>>
  readonly onSlotChange?: MapState['onSlotChange']
  readonly slots?: Readonly<Record<number, 'v4' | 'v6'>>
  readonly allow?: Readonly<Record<string, string>>
  readonly more?: readonly Resource[]
  readonly without?: readonly Address[]
  readonly ownership?: DesiredState['ownership']
  readonly history?: number
  readonly moved?: DesiredState['moved']
  /** Pins elsewhere. */
  readonly pins?: Readonly<Record<string, Address>>
}

export function stackOf(options: StackOptions = {}): DesiredState {
  const { verdicts = {}, slots = { 0: 'v4', 1: 'v6' }, without = [], more = [] } = options
  const filled = Object.entries(slots).map(([index, name]) => [Number(index), programAddress(name)] as const)
  const entries = Object.entries(options.allow ?? { '01000000': '0100000000000000' })
  const resources: Resource[] = [
    map('flows'),
    map('allow', { contents: { kind: 'entries', entries: entries.map(([key, value]) => ({ key, value })) } }),
    map('rodata', {
      shape: shape({ type: 'array', valueSize: 8, maxEntries: 1, flags: 0x80 }),
      contents: { kind: 'data', initial: '2a00000000000000', frozen: true },
    }),
    map('calls', {
      shape: shape({ type: 'prog_array', valueSize: 4, maxEntries: 4 }),
      contents: { kind: 'slots', slots: new Map(filled) },
      onSlotChange: options.onSlotChange ?? 'replace',
    }),
    program('v4', { code: returning(verdicts.v4 ?? 2, ['flows']) }),
    program('v6', { code: returning(verdicts.v6 ?? 2, ['allow', 'rodata']) }),
    program('ingress', { code: tailCalling('calls', verdicts.ingress ?? 2) }),
    link('eth0', {
      target: { kind: 'xdp', interface: options.interface ?? 'lo', ifindex: options.ifindex ?? 1, mode: 'generic' },
    }),
  ]
  const kept = [...resources.filter(({ address }) => !without.includes(address)), ...more]
  return {
    stack: options.stack ?? 'edge',
    generation: 0,
    resources: new Map(kept.map((resource) => [resource.address, resource])),
    digest: () => 'd'.repeat(64),
    btf: new Map(),
    ...(options.history === undefined ? {} : { history: options.history }),
    ...(options.ownership && { ownership: options.ownership }),
    ...(options.moved && { moved: options.moved }),
    ...(options.pins && {
      pins: new Map(Object.entries(options.pins).map(([path, address]) => [path, { address }])),
    }),
  }
}

export const shape = (fields: Partial<MapShape> = {}): MapShape => ({
  type: 'hash',
  keySize: 4,
  valueSize: 8,
  maxEntries: 16,
  flags: 0,
  mapExtra: 0,
  ...fields,
})

export const map = (name: string, fields: Partial<MapState> = {}): MapState => ({
  kind: 'map',
  address: mapAddress(name),
  name,
  owner: 'stack',
  shape: shape(),
  layout: {},
  pinned: true,
  contents: { kind: 'runtime' },
  onChange: 'refuse',
  onSlotChange: 'replace',
  ...fields,
})

/** A program array with these programs in its first slots. */
export const programArray = (name: string, members: readonly string[]): MapState =>
  map(name, {
    shape: shape({ type: 'prog_array', valueSize: 4, maxEntries: 4 }),
    contents: { kind: 'slots', slots: new Map(members.map((member, index) => [index, programAddress(member)])) },
  })

export function program(name: string, fields: Partial<ProgramState> = {}): ProgramState {
  const code = fields.code ?? returning(2, [])
  return {
    kind: 'program',
    address: programAddress(name),
    name,
    load: { type: 'xdp', attachType: 'xdp', flags: 0, license: 'GPL' },
    code,
    maps: [...new Set(code.references.map((reference) => reference.map))],
    ...fields,
  }
}

export const link = (name: string, fields: Partial<LinkState> & { readonly target: LinkTarget }): LinkState => ({
  kind: 'link',
  address: linkAddress(name),
  program: programAddress('ingress'),
  onReplace: 'overlap',
  ...fields,
})

/** `return verdict`, after naming some maps. */
export function returning(verdict: number, maps: readonly string[]): Code<MapState['address']> {
  return assemble([...maps.map((name) => loadMap(1, name)), moveTo(0, verdict), exit])
}

/** Tail-calls slot 0 and slot 1 of an array, then `return verdict`. */
export function tailCalling(array: string, verdict: number): Code<MapState['address']> {
  const call = (slot: number) => [loadMap(2, array), moveTo(3, slot), callHelper(12)]
  // The context is needed again after a tail call that fell through.
  return assemble([move(6, 1), ...call(0), move(1, 6), ...call(1), moveTo(0, verdict), exit])
}

interface Instruction {
  readonly bytes: readonly number[]
  readonly map?: string
}

const exit: Instruction = { bytes: [0x95, 0, 0, 0, 0, 0, 0, 0] }
const moveTo = (register: number, value: number): Instruction => ({ bytes: [0xb7, register, 0, 0, value, 0, 0, 0] })
const move = (to: number, from: number): Instruction => ({ bytes: [0xbf, to | (from << 4), 0, 0, 0, 0, 0, 0] })
const callHelper = (helper: number): Instruction => ({ bytes: [0x85, 0, 0, 0, helper, 0, 0, 0] })
const loadMap = (register: number, name: string): Instruction => ({
  // BPF_PSEUDO_MAP_FD in the source register, as the object reader leaves it.
  bytes: [0x18, register | (1 << 4), ...new Array<number>(14).fill(0)],
  map: name,
})

function assemble(list: readonly Instruction[]): Code<MapState['address']> {
  const references = list.flatMap(({ map: name }, index) => {
    const instruction = list.slice(0, index).reduce((sum, { bytes }) => sum + bytes.length / 8, 0)
    return name === undefined ? [] : [{ instruction, kind: 'map', map: mapAddress(name), offset: 0 } as const]
  })
  return { instructions: new Uint8Array(list.flatMap(({ bytes }) => bytes)), references }
}
