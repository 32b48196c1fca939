import type { Act } from './lab.ts'
import type { Version } from './versions.ts'

/** A run that is killed at each of its system calls, and where it begins. */
export interface LinuxScenario {
  readonly name: string
  /** Applied one after the other. */
  readonly from: readonly Version[]
  /** Then this run is killed right after its first system call that matches (a regular expression). */
  readonly crash?: { readonly act: Act; readonly after: string }
  readonly act: Act
  /** What finishes it after a kill; without: the same again. */
  readonly finish?: Act
  /** What answers when all is done; without: what `act` applies. */
  readonly to?: readonly Version[]
  /** 7 where somebody else's use keeps something. */
  readonly exit?: 0 | 7
  /** No packet that was counted in `state` may be lost. */
  readonly counts?: true
}

const v1: Version = {}
const all: Version = { defines: { CALLEE0: 2, CALLEE1: 2 } }
const entryChanged: Version = { defines: { ENTRY: 2, ENTRY2: 2 } }
const both = (number: number): Version => ({
  hooks: ['xdp', 'tcx'],
  defines: { ENTRY: number, CALLEE0: number, TC_ENTRY: number, TC_CALLEE: number },
})
const traced = (onReplace: 'overlap' | 'gap', TRACE: number): Version => ({
  hooks: ['xdp', 'trace'],
  onReplace,
  defines: { TRACE },
})
const sized = (STATE_ENTRIES: number): Version => ({
  defines: { STATE_ENTRIES },
  maps: { state: { onChange: 'replace' } },
})
const migrated = (STATE_ENTRIES: number): Version => ({
  defines: { STATE_ENTRIES },
  maps: { state: { onChange: 'migrate', merge: 'sum' } },
})
const kept = (number: number): Version => ({ history: 1, defines: { CALLEE0: number, ENTRY: number } })
/** One of each kind, for other tools; the link is made anew with each version. */
const pinned = (number: number): Version => ({
  ...traced('overlap', number),
  defines: { TRACE: number, CALLEE0: number },
  pins: { x_calls: 'map.calls', x_state: 'map.state', x_callee: 'program.callee0', x_trace: 'link.trace' },
})
const owner = (TC_CALLEE: number): Version => ({ hooks: ['tcx'], defines: { TC_CALLEE } })
/** Another stack whose entry program tail-calls through the owner's array. */
const borrower = (TC_CALLEE: number): Version => ({
  stack: 'other',
  hooks: ['other'],
  defines: { TC_CALLEE },
  maps: { tc_calls: { pinned: '@BPFFS@/echo/live/maps/tc_calls' } },
})
/** Another stack that counts in the owner's map. */
const sharer: Version = {
  stack: 'other',
  hooks: ['other'],
  maps: { state: { pinned: '@BPFFS@/echo/live/maps/state' } },
}

const apply = (version: Version): Act => ({ command: 'apply', version })
const destroy: Act = { command: 'destroy', version: {} }

/** Every kind of change that a stack can go through. */
export const changes: readonly LinuxScenario[] = [
  { name: 'a first apply', from: [], act: apply(both(1)) },
  { name: 'another entry program', from: [v1], act: apply(entryChanged) },
  { name: 'another callee', from: [v1], act: apply({ defines: { CALLEE0: 2 } }) },
  { name: 'all callees others', from: [v1], act: apply(all) },
  {
    name: 'a slot more',
    from: [v1],
    act: apply({ slots: { 0: 'callee0', 1: 'callee1', 2: 'callee2' } }),
  },
  { name: 'a slot less', from: [v1], act: apply({ slots: { 0: 'callee0' } }) },
  {
    name: 'a slot in place',
    from: [{ onSlotChange: 'in-place', slots: { 0: 'callee0', 1: 'callee1', 2: 'callee2' } }],
    act: apply({ onSlotChange: 'in-place', slots: { 0: 'callee0', 1: 'callee1', 2: 'callee1' } }),
  },
  { name: 'a map replaced', from: [sized(64)], act: apply(sized(128)) },
  { name: 'a map migrated', from: [migrated(64)], act: apply(migrated(128)), counts: true },
  { name: 'a link more', from: [v1], act: apply({ hooks: ['xdp', 'tcx'] }) },
  { name: 'a link less', from: [{ hooks: ['xdp', 'tcx'] }], act: apply(v1) },
  { name: 'a link moved to another program', from: [v1], act: apply({ entry: 'entry2' }) },
  { name: 'a link replaced by overlap', from: [traced('overlap', 1)], act: apply(traced('overlap', 2)) },
  { name: 'a link replaced with a gap', from: [traced('gap', 1)], act: apply(traced('gap', 2)) },
  { name: 'pins elsewhere that move on', from: [pinned(1)], act: apply(pinned(2)) },
]

/** What comes after a change, and after a crash in one. */
export const aftermaths: readonly LinuxScenario[] = [
  { name: 'an upgrade that keeps the former generation', from: [kept(1), kept(2)], act: apply(kept(3)) },
  { name: 'a rollback', from: [kept(1), kept(2)], act: { command: 'rollback' }, finish: apply(kept(1)), to: [kept(1)] },
  { name: 'destroy', from: [{ hooks: ['xdp', 'tcx', 'trace'] }], act: destroy, to: [] },
  { name: 'destroy with pins elsewhere', from: [pinned(1)], act: destroy, to: [] },
  {
    name: 'a destroy that keeps a link with all it runs',
    from: [{ ...both(1), keeps: ['xdp'] }],
    act: destroy,
    to: [{ ...both(1), hooks: ['xdp'] }],
  },
  {
    name: 'a destroy that keeps a map alone',
    from: [{ maps: { state: { onDestroy: 'keep' } } }],
    act: destroy,
    to: [],
  },
  {
    name: 'a link that is forgotten, and runs on',
    from: [both(1)],
    act: { command: 'forget', address: 'link.tcx', to: 'theirs/tcx' },
    to: [both(1)],
  },
  {
    name: 'adoption after a crash between the last switch and publishing',
    from: [v1],
    crash: { act: apply(all), after: '^LINK_UPDATE' },
    act: apply(all),
  },
  {
    name: 'another version after a crash between the first switch and the second',
    from: [both(1)],
    crash: { act: apply(both(2)), after: '^LINK_UPDATE' },
    act: apply(both(3)),
  },
  {
    name: 'another version after a crash between the last switch and publishing',
    from: [v1],
    crash: { act: apply(all), after: '^LINK_UPDATE' },
    act: apply(entryChanged),
  },
  {
    name: 'another version after a crash between publishing and retiring',
    from: [both(1)],
    crash: { act: apply(both(2)), after: '^renameat2 .*/live$' },
    act: apply(both(3)),
  },
  {
    name: 'another version before the merge of a map',
    from: [migrated(64)],
    crash: { act: apply(migrated(128)), after: '^renameat2 .*/live$' },
    act: apply(migrated(256)),
  },
  {
    name: 'another version after a crash in a first apply',
    from: [],
    crash: { act: apply(both(1)), after: '^LINK_CREATE' },
    act: apply(both(2)),
  },
  {
    name: 'an apply after a crash in destroy',
    from: [both(1)],
    crash: { act: destroy, after: '^unlink .*/links/xdp$' },
    act: apply(both(2)),
  },
  {
    name: 'the owner of an array that another stack uses is upgraded',
    from: [owner(1), borrower(1)],
    act: apply(owner(2)),
    to: [owner(2), borrower(1)],
    exit: 7,
  },
  {
    name: "another stack moves on to the owner's new array",
    from: [owner(1), borrower(1), owner(2)],
    act: apply(borrower(2)),
    to: [owner(2), borrower(2)],
  },
  {
    name: 'the owner of a map that another stack uses replaces it',
    from: [{ ...sized(64) }, sharer],
    act: apply(sized(128)),
    to: [sized(128), sharer],
  },
]
