import type { Code, ExternUse, MapReference } from '../../model/program-spec.ts'
import type { ByteOrder } from '../cursor.ts'
import type { ObjectFunction } from './functions.ts'
import { Instructions } from './instructions.ts'
import { sourceFor, type Target } from './resolve.ts'
import type { ScannedFunction } from './scan.ts'

/** An entry function with everything that it calls behind it. */
export interface FlatProgram {
  readonly code: Code
  /** Index of the first slot of each function, the entry at 0. */
  readonly functions: ReadonlyMap<ObjectFunction, number>
  readonly externs: readonly ExternUse[]
  /** Names that nothing defines, each once. */
  readonly undefined: readonly string[]
  /** Phrases, each once. */
  readonly unsupported: readonly string[]
}

/** How functions are looked at. */
export interface FlattenOptions {
  readonly byteOrder: ByteOrder
  readonly scan: (fn: ObjectFunction) => ScannedFunction
  /** A function that nobody calls and the kernel wants: it comes last, with what it calls itself. */
  readonly exceptionCallback?: ObjectFunction | undefined
}

/**
 * Puts the called functions behind the entry, each once, in the order in which libbpf does (depth first, at the first
 * call), so that the kernel computes the same tag.
 */
export function flatten(entry: ObjectFunction, options: FlattenOptions): FlatProgram {
  const { byteOrder, scan, exceptionCallback } = options
  const { places, slots } = place(exceptionCallback ? [entry, exceptionCallback] : [entry], scan)
  const instructions = new Instructions(new Uint8Array(slots * 8), byteOrder)
  const references: MapReference[] = []
  const externs: ExternUse[] = []
  const missing = new Set<string>()
  const unsupported = new Set<string>()
  for (const [fn, start] of places) {
    const { bytes, targets } = scan(fn)
    instructions.bytes.set(bytes, start * 8)
    for (const target of targets) {
      const index = start + target.index
      if (target.kind === 'unsupported') unsupported.add(target.what)
      else if (target.kind === 'undefined') missing.add(target.name)
      else if (target.kind === 'extern') externs.push({ instruction: index, use: target.use, name: target.name })
      else if (target.kind === 'call' || target.kind === 'callback') patchCall(instructions, index, { target, places })
      else references.push(patchReference(instructions, index, target))
    }
  }
  const code = { instructions: instructions.bytes, references }
  return { code, functions: places, externs, undefined: [...missing], unsupported: [...unsupported] }
}

/** A stack of our own: a hostile object may chain calls deeper than JavaScript's. */
function place(
  roots: readonly ObjectFunction[],
  scan: FlattenOptions['scan'],
): { places: Map<ObjectFunction, number>; slots: number } {
  const places = new Map<ObjectFunction, number>()
  let slots = 0
  const stack: Iterator<ObjectFunction, void>[] = [roots.values()]
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const callee = top.next()
    if (callee.done) stack.pop()
    else if (!places.has(callee.value)) {
      places.set(callee.value, slots)
      slots += callee.value.size / 8
      stack.push(calleesOf(scan(callee.value)))
    }
  }
  return { places, slots }
}

function* calleesOf({ targets }: ScannedFunction): Generator<ObjectFunction, void> {
  for (const target of targets) if (target.kind === 'call' || target.kind === 'callback') yield target.callee
}

interface CallPatch {
  readonly target: Extract<Target, { readonly kind: 'call' | 'callback' }>
  readonly places: ReadonlyMap<ObjectFunction, number>
}

/** Both count slots from the next one. */
function patchCall(instructions: Instructions, index: number, { target, places }: CallPatch): void {
  if (target.kind === 'callback') instructions.setSource(index, sourceFor.callback)
  instructions.setImmediate(index, (places.get(target.callee) ?? 0) - index - 1)
}

function patchReference(
  instructions: Instructions,
  index: number,
  target: Extract<Target, { readonly kind: 'map' | 'value' }>,
): MapReference {
  instructions.setSource(index, sourceFor[target.kind])
  instructions.setImmediate(index, 0)
  instructions.setImmediate(index + 1, 0)
  const { kind, map } = target
  if (target.kind === 'map') return { instruction: index, kind, map, offset: 0 }
  const { offset, variables } = target
  return { instruction: index, kind, map, offset, ...(variables === undefined ? {} : { variables }) }
}
