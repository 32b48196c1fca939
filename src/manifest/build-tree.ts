import type { Alias, Document, Node, Pair, YAMLMap, YAMLSeq } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, visit } from 'yaml'
import { buildScalar, type Edit, type Finding, type Lookup, type ScalarContext } from './build-scalar.ts'
import type { ScalarNode, SourceChild, SourceNode } from './source-tree.ts'

/** What the building of a tree shares and collects. */
export interface TreeBuilder {
  readonly findings: readonly Finding[]
  /** Where variables were filled in. */
  readonly edits: readonly Edit[]
  /** Builds a node; `lookup` fills in variables, without it they are refused. Each YAML node is built once. */
  build(node: Node | null | undefined, lookup?: Lookup): SourceNode
}

interface Context extends ScalarContext {
  readonly targets: ReadonlyMap<Alias, Node>
  readonly built: Map<Node, SourceNode>
  readonly active: Set<Node>
}

/** Turns YAML nodes into source nodes: aliases and merge keys resolved, variables filled in, duplicate keys found. */
export function treeBuilder(document: Document.Parsed, text: string): TreeBuilder {
  const base = {
    text,
    targets: aliasTargets(document),
    built: new Map(),
    active: new Set<Node>(),
    findings: [],
    edits: [],
  }
  return {
    findings: base.findings,
    edits: base.edits,
    build: (node, lookup) => buildNode(node, { ...base, lookup }),
  }
}

/** What each alias stands for: the last node before it with that anchor. */
function aliasTargets(document: Document.Parsed): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source)
      if (target) targets.set(alias, target)
    },
    Value(_, node) {
      if (node.anchor) anchors.set(node.anchor, node)
    },
  })
  return targets
}

function buildNode(node: Node | null | undefined, context: Context): SourceNode {
  if (!node) return emptyAt(0)
  const known = context.built.get(node)
  if (known) return known
  if (isAlias(node)) return buildAlias(node, context)
  context.active.add(node)
  const result = buildValue(node, context)
  context.active.delete(node)
  context.built.set(node, result)
  return result
}

function buildAlias(alias: Alias, context: Context): SourceNode {
  const target = context.targets.get(alias)
  if (target && !context.active.has(target)) return buildNode(target, context)
  const start = startOf(alias)
  const detail = target
    ? `*${alias.source} stands for something that contains it.`
    : `*${alias.source} has no anchor before it.`
  context.findings.push({
    code: 'M005',
    detail,
    hint: `write &${alias.source} before the value that it stands for`,
    offset: start,
  })
  return { ...emptyAt(start), unresolved: true }
}

function buildValue(node: Node, context: Context): SourceNode {
  if (isMap(node)) return buildMapping(node, context)
  if (isSeq(node)) return buildSequence(node, context)
  return isScalar(node) ? buildScalar(node, context) : emptyAt(startOf(node))
}

function buildSequence(sequence: YAMLSeq, context: Context): SourceNode {
  const children = new Map<string, SourceChild>()
  for (const [index, item] of sequence.items.entries()) {
    const node = buildNode(item as Node, context)
    children.set(String(index), { key: { ...emptyAt(startOf(item as Node)), value: index, text: String(index) }, node })
  }
  return { kind: 'sequence', start: startOf(sequence), size: sizeOf(children), children }
}

function buildMapping(mapping: YAMLMap, context: Context): SourceNode {
  const children = new Map<string, SourceChild>()
  const merged: SourceNode[] = []
  for (const pair of mapping.items as Pair<Node, Node | null>[]) {
    if (isMergeKey(pair.key)) merged.push(...mergeSources(pair, context))
    else addPair(children, pair, context)
  }
  for (const source of merged) {
    if (source.kind === 'mapping')
      for (const [key, child] of source.children) if (!children.has(key)) children.set(key, child)
  }
  return { kind: 'mapping', start: startOf(mapping), size: sizeOf(children), children }
}

const isMergeKey = (key: Node): boolean => isScalar(key) && key.type === 'PLAIN' && key.source === '<<'

function mergeSources(pair: Pair<Node, Node | null>, context: Context): readonly SourceNode[] {
  const value = buildNode(pair.value, context)
  const sources = value.kind === 'sequence' ? [...value.children.values()].map(({ node }) => node) : [value]
  if (sources.some((source) => source.kind !== 'mapping' && !(source.kind === 'scalar' && source.unresolved))) {
    const detail = 'A merge key (<<) takes an alias of a mapping, or a list of such.'
    const hint = 'write <<: *name, with &name before a mapping'
    context.findings.push({ code: 'M005', detail, hint, offset: startOf(pair.key) })
  }
  return sources
}

function addPair(children: Map<string, SourceChild>, pair: Pair<Node, Node | null>, context: Context): void {
  const key = buildNode(pair.key, context)
  const node = pair.value ? buildNode(pair.value, context) : emptyAt(startOf(pair.key))
  if (key.kind !== 'scalar' || key.value === null) {
    if (key.kind === 'scalar' && key.unresolved) return
    context.findings.push({
      code: 'M019',
      detail: 'A key of this mapping is neither text nor a number.',
      hint: 'write entries with such keys as a list: - { key: ..., value: ... }',
      offset: startOf(pair.key),
    })
    return
  }
  const name = nameOf(key)
  const start = startOf(pair.key)
  const first = children.get(name)
  if (!first) children.set(name, { key: { ...key, start }, node })
  else
    context.findings.push({
      code: 'M002',
      detail: `The key "${name}" stands twice in this mapping.`,
      hint: firstAt(first, context),
      offset: start,
    })
}

/** A key as text: integers in decimal, whatever way they are written. */
const nameOf = ({ value, text }: ScalarNode): string =>
  typeof value === 'string' || typeof value === 'bigint' || Number.isInteger(value) ? String(value) : text

function firstAt({ key }: SourceChild, { text }: Context): string {
  const line = text.slice(0, key.start).split('\n').length
  return `rename or remove one; the first is in line ${line}`
}

const startOf = (node: Node | null | undefined): number => node?.range?.[0] ?? 0
const emptyAt = (start: number): ScalarNode => ({
  kind: 'scalar',
  start,
  size: 1,
  value: null,
  text: '',
  unresolved: false,
})

function sizeOf(children: ReadonlyMap<string, SourceChild>): number {
  let size = 1
  for (const { node } of children.values()) size += node.size + 1
  return size
}
