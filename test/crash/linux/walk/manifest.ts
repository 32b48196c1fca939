import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Defines, Hook, WalkVersion } from './version.ts'

/** Where versions are written to, and what they are attached to. */
export interface WalkPlace {
  readonly directory: string
  readonly bpffs: string
  readonly interface: string
  readonly cgroup: string
  /** The name that a thread takes to be traced. */
  readonly probe: string
}

/** Writes a version's manifest, in that part of YAML which is JSON, and compiles its objects; the manifest's path. */
export function writeWalkVersion(version: WalkVersion, place: WalkPlace): string {
  const text = JSON.stringify(manifestOf(version, place), undefined, 1)
  const path = join(place.directory, `${digest(text)}.yaml`)
  writeFileSync(path, text)
  return path
}

function manifestOf(version: WalkVersion, place: WalkPlace): object {
  const { stack, defines, side, history, mode, bias, pins } = version
  const parts = partsOf(version)
  const objects = {
    main: { file: compile(defines, place), ...(parts.entry && bias > 0 && { globals: { bias } }) },
    ...(side && { side: { file: compile(side, place) } }),
  }
  const targets = pinTargets(version, parts)
  const moved = movedOf(version, parts)
  return {
    version: 1,
    name: stack,
    history,
    mode,
    objects,
    maps: mapsOf(version, parts, place),
    programs: programsOf(version, parts),
    links: linksOf(version, place),
    pins: Object.fromEntries(pins.flatMap((pin) => pinRow(`${place.bpffs}/${stack}_${pin}`, targets[pin]))),
    ...(moved.length > 0 && { moved }),
  }
}

const pinRow = (path: string, target: string | undefined): [string, string][] =>
  target === undefined ? [] : [[path, target]]

/** Which programs a version has, and the map of counts if it is its own. */
interface Parts {
  readonly entry: boolean
  readonly callee0: boolean
  readonly callee1: boolean
  readonly leaf: boolean
  readonly tc: boolean
  readonly tcCallee: boolean
  readonly state: boolean
}

function partsOf({ hooks, slots, deep, borrows }: WalkVersion): Parts {
  const entry = hooks.includes('xdp')
  const tc = hooks.includes('tcx') || hooks.includes('other')
  const callee0 = entry && slots.includes('callee0')
  return {
    entry,
    callee0,
    callee1: entry && slots.includes('callee1'),
    leaf: callee0 && (deep === 'filled' || deep === 'taken'),
    tc,
    tcCallee: tc && borrows !== 'tc_calls',
    state: entry || tc || hooks.includes('cgroup'),
  }
}

/** How what can be renamed is called. */
const namesIn = ({ renamed, defines }: WalkVersion) => ({
  callee0: renamed ? 'first' : 'callee0',
  xdp: renamed ? 'uplink' : 'xdp',
  state: 'RENAMED' in defines ? 'sessions' : 'state',
})

function mapsOf(version: WalkVersion, parts: Parts, { bpffs }: WalkPlace): object {
  const { borrows, inPlace } = version
  const names = namesIn(version)
  const slots = version.slots.flatMap((held, index) =>
    held === null ? [] : [[index, held === 'callee0' ? names.callee0 : held]],
  )
  const policy = inPlace ? { onSlotChange: 'in-place' } : {}
  const theirs = (name: string): object => ({ pinned: `${bpffs}/a/live/maps/${name}` })
  return {
    ...(parts.entry && { calls: { slots: Object.fromEntries(slots), ...policy } }),
    ...(parts.callee0 && { deep: deepOf(version, bpffs) }),
    ...(parts.tc && { tc_calls: borrows === 'tc_calls' ? theirs('tc_calls') : { slots: { 0: 'tc_callee' } } }),
    ...(parts.state && { [names.state]: borrows === 'state' ? theirs(names.state) : countsOf(version) }),
  }
}

function deepOf({ deep }: WalkVersion, bpffs: string): object {
  const filled = { slots: { 0: 'leaf' } }
  const pinned = `${bpffs}/theirs`
  return { filled, empty: { slots: {} }, taken: { pinned, ...filled }, theirs: { pinned } }[deep]
}

function countsOf({ keeps, entries }: WalkVersion): object {
  const rows = Array.from({ length: entries }, (_, index) => ({ key: 100 + index, value: { packets: 0 } }))
  return {
    onChange: 'migrate',
    merge: 'sum',
    onLossy: 'truncate',
    ...(keeps && { onDestroy: 'keep' }),
    ...(entries > 0 && { entries: rows }),
  }
}

function programsOf(version: WalkVersion, parts: Parts): object {
  const { side, hooks, renamed } = version
  const [main, other] = side ? [{ object: 'main' }, { object: 'side' }] : [{}, {}]
  return {
    ...(parts.entry && { entry: main }),
    ...(parts.callee0 && { [namesIn(version).callee0]: { ...main, ...(renamed && { function: 'callee0' }) } }),
    ...(parts.callee1 && { callee1: other }),
    ...(parts.leaf && { leaf: main }),
    ...(hooks.includes('tcx') && { tc_entry: other }),
    ...(hooks.includes('other') && { tc_other: other }),
    ...(parts.tcCallee && { tc_callee: other }),
    ...(hooks.includes('trace') && { trace: main }),
    ...(hooks.includes('cgroup') && { guard: main }),
  }
}

function linksOf(version: WalkVersion, place: WalkPlace): object {
  const { interface: device, cgroup } = place
  const tcx = { tcx: { interface: device, direction: 'ingress' } }
  const links: Readonly<Record<Hook, object>> = {
    xdp: { program: 'entry', attach: { xdp: { interface: device, mode: 'generic' } } },
    tcx: { program: 'tc_entry', attach: tcx },
    other: { program: 'tc_other', attach: tcx },
    trace: { program: 'trace', onReplace: version.onReplace },
    cgroup: { program: 'guard', attach: { cgroup: { path: cgroup } } },
  }
  const nameOf = (hook: Hook): string => (hook === 'xdp' ? namesIn(version).xdp : hook)
  return Object.fromEntries(version.hooks.map((hook) => [nameOf(hook), links[hook]]))
}

function pinTargets(version: WalkVersion, parts: Parts): Readonly<Record<string, string | undefined>> {
  const { callee0, xdp, state } = namesIn(version)
  const isOwnDeep = version.deep === 'filled' || version.deep === 'empty'
  return {
    x_calls: parts.entry ? 'map.calls' : undefined,
    x_state: hasCounts(version, parts) ? `map.${state}` : undefined,
    x_callee: parts.callee0 ? `program.${callee0}` : undefined,
    x_link: parts.entry ? `link.${xdp}` : version.hooks.includes('trace') ? 'link.trace' : undefined,
    'dir/deep': parts.callee0 && isOwnDeep ? 'map.deep' : undefined,
    'dir/entry': parts.entry ? 'program.entry' : undefined,
  }
}

const hasCounts = ({ borrows }: WalkVersion, { state }: Parts): boolean => state && borrows !== 'state'

/** Whatever has another name in other versions comes from that one. */
function movedOf(version: WalkVersion, parts: Parts): object[] {
  const names = namesIn(version)
  const former = namesIn({ ...version, renamed: !version.renamed })
  const rows = [
    [hasCounts(version, parts), 'map', names.state === 'state' ? 'sessions' : 'state', names.state],
    [parts.callee0, 'program', former.callee0, names.callee0],
    [parts.entry, 'link', former.xdp, names.xdp],
  ] as const
  return rows.flatMap(([is, kind, from, to]) => (is ? [{ from: `${kind}.${from}`, to: `${kind}.${to}` }] : []))
}

function compile(defines: Defines, { directory, probe }: WalkPlace): string {
  const flags = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`)
  const name = `${digest(flags.sort().join(' '))}.bpf.o`
  const path = join(directory, name)
  const common = ['-g', '-O2', '-Wall', '-target', 'bpf', '-idirafter', '/usr/include/x86_64-linux-gnu']
  const words = [...common, `-DPROBE="${probe}"`, ...flags, '-c', resolve(import.meta.dirname, 'walk.bpf.c')]
  if (!existsSync(path)) execFileSync('clang-16', [...words, '-o', path])
  return name
}

/** A short name for a text. */
function digest(text: string): string {
  let hash = 0n
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  return `w${hash.toString(36)}`
}
