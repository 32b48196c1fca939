import type { Position } from '../model/diagnostic.ts'
import type { Value } from '../model/value.ts'
import type { Path } from './manifest.ts'

/** A value of a single YAML scalar. */
export type Scalar = null | boolean | number | bigint | string

/** A manifest's text as a tree, aliases and merge keys resolved and variables filled in; nodes may be shared. */
export type SourceNode = ScalarNode | MappingNode | SequenceNode

interface Located {
  /** Offset in the text. */
  readonly start: number
  /** Nodes in it, itself included, aliases counted as what they stand for. */
  readonly size: number
}

export interface ScalarNode extends Located {
  readonly kind: 'scalar'
  readonly value: Scalar
  /** The scalar as text: `0x10` where the value is 16. */
  readonly text: string
  /** A variable in it could not be filled in, so what it holds is not worth another complaint. */
  readonly unresolved: boolean
}

interface MappingNode extends Located {
  readonly kind: 'mapping'
  readonly children: ReadonlyMap<string, SourceChild>
}

interface SequenceNode extends Located {
  readonly kind: 'sequence'
  readonly children: ReadonlyMap<string, SourceChild>
}

/** One key of a mapping, or one item of a list (whose key is its position). */
export interface SourceChild {
  readonly key: ScalarNode
  readonly node: SourceNode
}

const none: ReadonlyMap<string, SourceChild> = new Map()

/** The children of a mapping or list; of a scalar none. */
export const childrenOf = (node: SourceNode | undefined): ReadonlyMap<string, SourceChild> =>
  node === undefined || node.kind === 'scalar' ? none : node.children

/** The node at a path below this one, or undefined. */
export function nodeAt(node: SourceNode, path: Path): SourceNode | undefined {
  let found: SourceNode | undefined = node
  for (const key of path) found = childrenOf(found).get(String(key))?.node
  return found
}

/** The text at a path, unless there is none or it is not text that can be trusted. */
export function textAt(node: SourceNode, path: Path): string | undefined {
  const found = nodeAt(node, path)
  return found?.kind === 'scalar' && !found.unresolved && typeof found.value === 'string' ? found.value : undefined
}

/** The tree as plain data, keys as text. */
export function plainValue(node: SourceNode): Value {
  if (node.kind === 'scalar') return node.value
  const values = [...node.children].map(([key, child]) => [key, plainValue(child.node)] as const)
  return node.kind === 'sequence' ? values.map(([, value]) => value) : Object.fromEntries(values)
}

/** Which part of a place: its key, its value, or (`auto`) the value of a scalar and the key of all else. */
export type Part = 'key' | 'value' | 'auto'

/** Finds the position of a place in the manifest; of a place that is not there, that of the deepest one that is. */
export type Locate = (path: Path, part?: Part) => Position

/** Builds the function that finds positions in a text. */
export function locator(file: string, text: string, root: SourceNode): Locate {
  const starts = lineStarts(text)
  return (path, part = 'auto') => positionAt(file, starts, offsetOf(root, path, part))
}

function offsetOf(root: SourceNode, path: Path, part: Part): number {
  let node = root
  let keyStart: number | undefined
  for (const key of path) {
    const child = childrenOf(node).get(String(key))
    if (!child) return keyStart ?? node.start
    node = child.node
    keyStart = child.key.start
  }
  const wantsValue = part === 'value' || (part === 'auto' && node.kind === 'scalar' && node.value !== null)
  return wantsValue ? node.start : (keyStart ?? node.start)
}

/** Offsets at which the lines of a text begin. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Line and column of an offset, from 1; columns count UTF-16 units. */
export function positionAt(file: string, starts: readonly number[], offset: number): Position {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}
