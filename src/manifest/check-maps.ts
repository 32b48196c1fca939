import { posix } from 'node:path'
import { type CheckContext, type Found, wrongKind } from './complain.ts'
import type { Path } from './manifest.ts'
import { readReference } from './references.ts'
import { childrenOf, nodeAt, type SourceNode, textAt } from './source-tree.ts'

/** Checks each map's keys against each other, its slots and its place on bpffs. */
export function* checkMaps(context: CheckContext): Iterable<Found> {
  for (const name of childrenOf(nodeAt(context.root, ['maps'])).keys()) {
    const path: Path = ['maps', name]
    yield* checkExclusions(context, path)
    yield* checkIndexes(context, path)
    yield* checkInner(context, path)
  }
  yield* checkOwners(context)
}

const besidePinned = new Set(['pinned', 'object', 'slots'])
const contents = ['slots', 'entries', 'inner']

function* checkExclusions({ root }: CheckContext, path: Path): Iterable<Found> {
  const keys = [...childrenOf(nodeAt(root, path)).keys()]
  if (keys.includes('pinned')) {
    for (const key of keys.filter((key) => knownKeys.has(key) && !besidePinned.has(key))) {
      const detail = `${path.join('.')} is a map of someone else, of which nothing is changed but declared slots: "${key}" cannot go with "pinned".`
      yield ['M023', { path: [...path, key], detail, hint: 'only "object" and "slots" go with "pinned"', part: 'key' }]
    }
    return
  }
  const [first, ...others] = keys.filter((key) => contents.includes(key))
  for (const key of others) {
    const detail = `${path.join('.')} has "${first}" and "${key}"; a map holds one of them.`
    yield ['M023', { path: [...path, key], detail, hint: `remove one of them`, part: 'key' }]
  }
}

// An unknown key is the schema's complaint.
const knownKeys = new Set([
  'onChange',
  'onDestroy',
  'merge',
  'onLossy',
  'globals',
  'onSlotChange',
  'pin',
  'protect',
  'maxEntries',
  'valueSize',
  ...contents,
])

const indexLimit = 2 ** 32

/** An index is below the number of entries: the manifest's own, or what the kernel can count. */
function* checkIndexes({ root }: CheckContext, path: Path): Iterable<Found> {
  const entries = numberAt(root, [...path, 'maxEntries'])
  const limit = Math.min(entries ?? indexLimit, indexLimit)
  for (const key of ['slots', 'inner']) {
    for (const index of childrenOf(nodeAt(root, [...path, key])).keys()) {
      if (!/^\d+$/.test(index) || Number(index) < limit) continue
      const detail = `The index ${index} is beyond the last, ${limit - 1}.`
      const hint = entries === undefined ? undefined : `raise maxEntries to ${Number(index) + 1} or more`
      yield ['M024', { path: [...path, key, index], detail, hint, part: 'key' }]
    }
  }
}

function numberAt(root: SourceNode, path: Path): number | undefined {
  const node = nodeAt(root, path)
  return node?.kind === 'scalar' && Number.isInteger(node.value) && Number(node.value) > 0
    ? Number(node.value)
    : undefined
}

function* checkInner({ root }: CheckContext, path: Path): Iterable<Found> {
  for (const index of childrenOf(nodeAt(root, [...path, 'inner'])).keys()) {
    const text = textAt(root, [...path, 'inner', index])
    const reference = text ? readReference(text, 'map') : undefined
    if (reference?.kind === 'wrong') yield ['M027', wrongKind([...path, 'inner', index], 'map', reference.found)]
  }
}

/** Two maps cannot be one pin, and what is pinned in the stack's own tree is not someone else's. */
function* checkOwners({ root, bpffs }: CheckContext): Iterable<Found> {
  const stack = textAt(root, ['name'])
  const owners = new Map<string, string>()
  for (const name of childrenOf(nodeAt(root, ['maps'])).keys()) {
    const path: Path = ['maps', name, 'pinned']
    const pinned = normalPath(textAt(root, path))
    if (pinned === undefined) continue
    const first = owners.get(pinned)
    const hint = 'remove one of them'
    if (first !== undefined) yield ['M022', { path, detail: `maps.${first} stands for ${pinned} already.`, hint }]
    owners.set(pinned, first ?? name)
    if (stack === undefined || !pinned.startsWith(`${normalPath(bpffs)}/${stack}/`)) continue
    const own = `${pinned} is in the tree of the stack "${stack}" itself.`
    yield ['M022', { path, detail: own, hint: 'leave "pinned" away: the stack pins its own maps' }]
  }
}

/** A path without empty, `.` and `..` parts. */
const normalPath = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : posix.normalize(path).replace(/\/$/, '')
