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

/** The variables of one manifest. */
export interface Variables {
  lookup(name: string): VariableValue | undefined
  /** Every name that could be meant. */
  names(): readonly string[]
  /** Names of `variables` that are neither declared nor were ever looked up. */
  unused(): readonly string[]
}

const environmentPrefix = 'PINFOLD_VAR_'

/** Puts the sources in order; `declared` is the manifest's `vars:`. */
export function collectVariables(sources: VariableSources, declared: SourceNode | undefined): Variables {
  const given = new Map(Object.entries(sources.variables ?? {}).map(([name, text]) => [name, textVariable(text)]))
  const environment = new Map(environmentVariables(sources.environment ?? {}))
  const defaults = readDefaults(declared)
  const layers = [given, sources.fileVariables ?? new Map<string, VariableValue>(), environment, defaults]
  const used = new Set(childrenOf(declared).keys())
  return {
    lookup(name) {
      used.add(name)
      return layers.find((layer) => layer.has(name))?.get(name)
    },
    names: () => [...new Set([...layers.flatMap((layer) => [...layer.keys()]), ...childrenOf(declared).keys()])],
    unused: () => [...given.keys()].filter((name) => !used.has(name)),
  }
}

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
