import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Answer } from './observer.ts'

/** What a version of a stack says; another number is another code. */
export interface Version {
  readonly stack?: string
  readonly defines?: Readonly<Partial<Record<Define, number>>>
  /** Slots of the XDP array; without: callee0 and callee1. */
  readonly slots?: Readonly<Record<number, 'callee0' | 'callee1' | 'callee2'>>
  readonly onSlotChange?: 'in-place'
  /** Hooks it is attached to; without: xdp alone. */
  readonly hooks?: readonly ('xdp' | 'tcx' | 'other' | 'trace')[]
  /** The XDP entry program. */
  readonly entry?: 'entry' | 'entry2'
  readonly onReplace?: 'overlap' | 'gap'
  /** Hooks whose links a destroy leaves. */
  readonly keeps?: readonly ('xdp' | 'tcx')[]
  /** Former generations kept; without: none. */
  readonly history?: number
  /** Pins elsewhere by their names in the root of the bpffs. */
  readonly pins?: Readonly<Record<string, string>>
  /** What the manifest says of maps, `@BPFFS@` standing for the root: `{ state: { onChange: 'replace' } }`. */
  readonly maps?: Readonly<Record<string, unknown>>
}

type Define =
  | 'ENTRY'
  | 'ENTRY2'
  | 'CALLEE0'
  | 'CALLEE1'
  | 'CALLEE2'
  | 'TC_ENTRY'
  | 'TC_CALLEE'
  | 'TRACE'
  | 'STATE_ENTRIES'

/** Who answers on each hook: one answer a slot. */
export interface Answers {
  readonly xdp: readonly Answer[]
  readonly tcx: readonly Answer[]
  readonly other: readonly Answer[]
}

export const ports: Readonly<Record<keyof Answers, readonly number[]>> = {
  xdp: [7000, 7001, 7002, 7003],
  tcx: [7100, 7101, 7102, 7103],
  other: [7200, 7201, 7202, 7203],
}

const missed = 255
const unanswered: readonly Answer[] = [0, 1, 2, 3].map(() => [0, 0])

export const hooks = ['xdp', 'tcx', 'other'] as const

/** The answers of a version's programs. */
export function answersOf(version: Version): Answers {
  const { defines = {}, slots = usual, hooks = ['xdp'], entry = 'entry' } = version
  const of = (name: Define): number => defines[name] ?? 1
  const first = entry === 'entry' ? of('ENTRY') : 100 + of('ENTRY2')
  const calleeIn = (slot: number): number => {
    const callee = slots[slot]
    return callee ? of(callee.toUpperCase() as Define) : missed
  }
  const tc = (by: number): readonly Answer[] =>
    [0, 1, 2, 3].map((slot) => [by, slot === 0 ? of('TC_CALLEE') : missed] as const)
  return {
    xdp: hooks.includes('xdp') ? [0, 1, 2, 3].map((slot) => [first, calleeIn(slot)] as const) : unanswered,
    tcx: hooks.includes('tcx') ? tc(of('TC_ENTRY')) : unanswered,
    other: hooks.includes('other') ? tc(100 + of('TC_ENTRY')) : unanswered,
  }
}

const usual: NonNullable<Version['slots']> = { 0: 'callee0', 1: 'callee1' }

/** Where versions are written to, and what they are attached to. */
export interface TestPlace {
  readonly directory: string
  readonly bpffs: string
  readonly interface: string
  /** The name that a thread takes to be traced. */
  readonly probe: string
}

/** Writes a version's manifest, and compiles its object; the manifest's path. */
export function writeVersion(version: Version, place: TestPlace): string {
  const object = compile(version.defines ?? {}, place)
  const path = join(place.directory, `${digest(JSON.stringify(version))}.yaml`)
  writeFileSync(path, manifestOf(version, object, place))
  return path
}

function compile(defines: NonNullable<Version['defines']>, place: TestPlace): string {
  const flags = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`)
  const name = `${digest(flags.join(' '))}.bpf.o`
  const path = join(place.directory, name)
  const source = resolve(import.meta.dirname, 'echo.bpf.c')
  const common = ['-g', '-O2', '-Wall', '-target', 'bpf', '-idirafter', '/usr/include/x86_64-linux-gnu']
  const probe = `-DPROBE="${place.probe}"`
  if (!existsSync(path)) execFileSync('clang-16', [...common, probe, ...flags, '-c', source, '-o', path])
  return name
}

/** A manifest in that part of YAML which is JSON. */
function manifestOf(version: Version, object: string, place: TestPlace): string {
  const { stack: name = 'echo', history = 0, hooks = ['xdp'], entry = 'entry', slots = usual } = version
  const { maps = {}, pins = {}, onReplace = 'overlap', keeps = [] } = version
  const isKept = (hook: string): boolean => keeps.some((it) => it === hook)
  const onSlotChange = version.onSlotChange && { onSlotChange: version.onSlotChange }
  const parts = { calls: { slots, ...onSlotChange }, tc_calls: { slots: { 0: 'tc_callee' } }, ...maps }
  const used = [...(hooks.includes('xdp') ? ['calls'] : []), ...(hooks.some(isTcx) ? ['tc_calls'] : [])]
  const tcx = { tcx: { interface: place.interface, direction: 'ingress' } }
  const links = {
    xdp: { program: entry, attach: { xdp: { interface: place.interface, mode: 'generic' } } },
    tcx: { program: 'tc_entry', attach: tcx },
    other: { program: 'tc_other', attach: tcx },
    trace: { program: 'trace', onReplace },
  }
  const programs = [
    ...(hooks.includes('xdp') ? ['entry', 'entry2', ...Object.values(slots)] : []),
    ...(hooks.some(isTcx) && !('tc_calls' in maps) ? ['tc_callee'] : []),
    ...hooks.flatMap((hook) => (hook === 'xdp' ? [] : [links[hook].program])),
  ]
  const manifest = {
    version: 1,
    name,
    history,
    objects: { main: { file: object } },
    maps: Object.fromEntries(Object.entries(parts).filter(([map]) => map in maps || used.includes(map))),
    programs: Object.fromEntries(programs.map((program) => [program, null])),
    links: Object.fromEntries(
      hooks.map((hook) => [hook, { ...links[hook], ...(isKept(hook) && { onDestroy: 'keep' }) }]),
    ),
    pins: Object.fromEntries(Object.entries(pins).map(([pin, address]) => [`@BPFFS@/${pin}`, address])),
  }
  return JSON.stringify(manifest).replaceAll('@BPFFS@', place.bpffs)
}

const isTcx = (hook: string): boolean => hook === 'tcx' || hook === 'other'

/** A short name for a text. */
function digest(text: string): string {
  let hash = 0n
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  return `v${hash.toString(36)}`
}
