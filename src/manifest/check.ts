import type { Diagnostic } from '../model/diagnostic.ts'
import { checkMaps } from './check-maps.ts'
import { checkMoves } from './check-moves.ts'
import { checkPins } from './check-pins.ts'
import { checkSilences } from './check-silences.ts'
import { type CheckContext, complainAt, type Found, type PlaceComplaint, suggest, wrongKind } from './complain.ts'
import type { Path } from './manifest.ts'
import { readReference } from './references.ts'
import { childrenOf, nodeAt, type SourceNode, textAt } from './source-tree.ts'

/** Checks what a schema cannot say: references, names' length, owners of pins, keys that exclude each other. */
export function check(context: CheckContext): readonly Diagnostic[] {
  const found = [
    ...checkNames(context),
    ...checkObjects(context),
    ...checkPrograms(context),
    ...checkLinks(context),
    ...checkMaps(context),
    ...checkPins(context),
    ...checkMoves(context),
    ...checkSilences(context),
  ]
  return found.map(([code, place]) => complainAt(context.locate, code, place))
}

const nameLimit = 255

function* checkNames({ root }: CheckContext): Iterable<Found> {
  const stack = textAt(root, ['name'])
  if (stack !== undefined && isTooLong(stack)) yield ['M016', tooLong(['name'])]
  for (const section of ['maps', 'programs', 'links']) {
    for (const name of childrenOf(nodeAt(root, [section])).keys()) {
      if (isTooLong(name)) yield ['M016', tooLong([section, name])]
    }
  }
}

const isTooLong = (name: string): boolean => Buffer.byteLength(name) > nameLimit

const tooLong = (path: Path): PlaceComplaint => ({
  path,
  detail: `A name on bpffs has at most ${nameLimit} bytes.`,
  hint: 'shorten it',
  part: path.length === 1 ? 'value' : 'key',
})

function* checkObjects({ root }: CheckContext): Iterable<Found> {
  const objects = nodeAt(root, ['objects'])
  if (childrenOf(nodeAt(root, ['programs'])).size > 0 && isEmpty(objects)) {
    const hint = 'declare the object file: objects: { main: { file: edge.bpf.o } }'
    yield ['M018', { path: ['programs'], detail: 'The programs have no object to come from.', hint, part: 'key' }]
  }
  for (const section of ['maps', 'programs']) {
    for (const name of childrenOf(nodeAt(root, [section])).keys()) {
      const object = textAt(root, [section, name, 'object'])
      if (object === undefined || childrenOf(objects).has(object)) continue
      const hint = suggest(object, [...childrenOf(objects).keys()], 'declared objects')
      yield ['M021', { path: [section, name, 'object'], detail: `No object "${object}" is declared.`, hint }]
    }
  }
}

const isEmpty = (node: SourceNode | undefined): boolean =>
  node === undefined || (node.kind === 'scalar' ? node.value === null : node.children.size === 0)

/** Every program that a link or a slot names must be declared. */
function* checkPrograms({ root }: CheckContext): Iterable<Found> {
  const programs = nodeAt(root, ['programs'])
  if (programs?.kind === 'scalar' && programs.value !== null) return
  const declared = [...childrenOf(programs).keys()]
  for (const path of programReferences(root)) {
    const text = textAt(root, path)
    const reference = text ? readReference(text, 'program') : undefined
    if (reference?.kind === 'wrong') yield ['M027', wrongKind(path, 'program', reference.found)]
    if (reference?.kind !== 'name' || declared.includes(reference.name)) continue
    const hint = `${suggest(reference.name, declared, 'declared programs')}; or declare it: programs: { ${reference.name}: {} }`
    yield ['M020', { path, detail: `No program "${reference.name}" is declared.`, hint }]
  }
}

function* programReferences(root: SourceNode): Iterable<Path> {
  for (const program of childrenOf(nodeAt(root, ['programs'])).keys()) {
    const path = ['programs', program, 'attachProgram']
    if (textAt(root, path)?.startsWith('/') === false) yield path
  }
  for (const link of childrenOf(nodeAt(root, ['links'])).keys()) yield ['links', link, 'program']
  for (const map of childrenOf(nodeAt(root, ['maps'])).keys()) {
    for (const index of childrenOf(nodeAt(root, ['maps', map, 'slots'])).keys()) yield ['maps', map, 'slots', index]
  }
}

function* checkLinks({ root }: CheckContext): Iterable<Found> {
  const taken = new Map<string, string>()
  for (const link of childrenOf(nodeAt(root, ['links'])).keys()) {
    const hook: Path = ['links', link, 'attach', 'xdp']
    yield* checkSubject(root, link)
    for (const kind of ['iter', 'structOps']) {
      const path = ['links', link, 'attach', kind, 'map']
      const map = textAt(root, path)
      const reference = map ? readReference(map, 'map') : undefined
      if (reference?.kind === 'wrong') yield ['M027', wrongKind(path, 'map', reference.found)]
    }
    const device = textAt(root, [...hook, 'interface'])
    const first = device === undefined ? undefined : taken.get(device)
    if (first !== undefined) yield ['M026', takenHook(hook, device ?? '', first)]
    else if (device !== undefined) taken.set(device, link)
  }
}

const linkKeys: ReadonlySet<string> = new Set(['attach', 'onReplace'])

/** A link attaches a program, or a struct that has programs of its own; a misspelt key has its complaint. */
function* checkSubject(root: SourceNode, link: string): Iterable<Found> {
  const path = ['links', link]
  const keys = [...childrenOf(nodeAt(root, path)).keys()]
  const isStruct = nodeAt(root, [...path, 'attach', 'structOps']) !== undefined
  if (keys.includes('program')) {
    const detail = `The link "${link}" attaches a struct, whose programs stand in the object, and names a program.`
    if (isStruct) yield ['M023', { path: [...path, 'program'], detail, hint: 'leave `program:` out', part: 'key' }]
  } else if (!isStruct && keys.length > 0 && keys.every((key) => linkKeys.has(key))) {
    yield ['M012', { path, detail: `links.${link} has no "program".`, hint: programHint, part: 'key' }]
  }
}

const programHint = 'The program to attach, declared under `programs`.'

const takenHook = (hook: Path, device: string, first: string): PlaceComplaint => ({
  path: [...hook, 'interface'],
  detail: `The link "${first}" takes the XDP hook of ${device} already, and an interface takes one.`,
  hint: 'let one program call the others by tail calls',
})
