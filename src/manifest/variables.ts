import type { VariableValue } from './interpolate.ts'
import { parseScalar } from './scalar.ts'
import type { ScalarNode, SourceNode } from './source-tree.ts'
import { childrenOf } from './source-tree.ts'

/** Where variables come from, besides the defaults in the manifest; the first that has one wins. */
export interface VariableSources {
  /** From `--var NAME=value`. */
  readonly variables?: Readonly<Record<string, string>>
  /** From files of variables. */
  readonly fileVariables?: ReadonlyMap<string, VariableValue>
  /** The process's environment; `PINFOLD_VAR_NAME` is looked up. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** A variable as it was given when a plan was saved. */
export interface SavedVariable {
  readonly name: string
  readonly text: string
  /** It is text, whatever else that text could mean: `"5"` in a file of variables. */
  readonly quoted?: true
}

/** The variables of one manifest. */
export interface Variables {
  lookup(name: string): VariableValue | undefined
  /** Every name that could be meant. */
  names(): readonly string[]
  /** Names of `variables` that are neither declared nor were ever looked up. */
  unused(): readonly string[]
  /** What was looked up and found elsewhere than in the manifest, sorted by name. */
  given(): readonly SavedVariable[]
}

const environmentPrefix = 'PINFOLD_VAR_'

/** Puts the sources in order; `declared` is the manifest's `vars:`. */
export function collectVariables(sources: VariableSources, declared: SourceNode | undefined): Variables {
  const given = new Map(Object.entries(sources.variables ?? {}).map(([name, text]) => [name, textVariable(text)]))
  const environment = new Map(environmentVariables(sources.environment ?? {}))
  const defaults = readDefaults(declared)
  const outside = [given, sources.fileVariables ?? new Map<string, VariableValue>(), environment]
  const layers = [...outside, defaults]
  const used = new Set(childrenOf(declared).keys())
  return {
    lookup(name) {
      used.add(name)
      return find(name, layers)
    },
    names: () => [...new Set([...layers.flatMap((layer) => [...layer.keys()]), ...childrenOf(declared).keys()])],
    given: () =>
      [...used].sort().flatMap((name) => {
        const found = find(name, outside)
        return found ? [saved(name, found)] : []
      }),
    unused: () => [...given.keys()].filter((name) => !used.has(name)),
  }
}

const find = (name: string, layers: readonly ReadonlyMap<string, VariableValue>[]): VariableValue | undefined =>
  layers.find((layer) => layer.has(name))?.get(name)

const saved = (name: string, { value, text }: VariableValue): SavedVariable => ({
  name,
  text,
  ...(!Object.is(value, parseScalar(text)) && { quoted: true }),
})

/** What a saved variable was. */
export const restored = ({ text, quoted }: SavedVariable): VariableValue =>
  quoted ? { value: text, text } : textVariable(text)

/** Variables as a mapping of names to scalars declares them; other values have no default. */
export function readDefaults(node: SourceNode | undefined): ReadonlyMap<string, VariableValue> {
  const defaults = new Map<string, VariableValue>()
  for (const [name, { node: declared }] of childrenOf(node)) {
    const value = declared.kind === 'mapping' ? declared.children.get('default')?.node : declared
    if (value?.kind === 'scalar' && value.value !== null) defaults.set(name, variableOf(value))
  }
  return defaults
}

const variableOf = ({ value, text }: ScalarNode): VariableValue => ({ value, text })

function* environmentVariables(
  environment: Readonly<Record<string, string | undefined>>,
): Iterable<[string, VariableValue]> {
  for (const [name, text] of Object.entries(environment)) {
    if (name.startsWith(environmentPrefix) && text !== undefined)
      yield [name.slice(environmentPrefix.length), textVariable(text)]
  }
}

const textVariable = (text: string): VariableValue => ({ value: parseScalar(text), text })
