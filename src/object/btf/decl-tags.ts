import type { BtfTypes } from './btf-types.ts'

/** `btf_decl_tag`s of an object, in their order. */
export interface DeclTags {
  /** By the name of a function. */
  readonly functions: ReadonlyMap<string, readonly string[]>
  /** By the name of a variable, such as a map. */
  readonly variables: ReadonlyMap<string, readonly string[]>
}

/** Reads what functions and variables are tagged with as a whole; tags of parameters and members are left out. */
export function readDeclTags(types: BtfTypes | undefined): DeclTags {
  const functions = new Map<string, string[]>()
  const variables = new Map<string, string[]>()
  for (let id = 1; types && id < types.count; id++) {
    const tag = types.get(id)
    if (tag.kind !== 'tag' || tag.component !== whole) continue
    const target = types.get(tag.to)
    if (target.kind === 'function') add(functions, target.name, tag.name)
    if (target.kind === 'variable') add(variables, target.name, tag.name)
  }
  return { functions, variables }
}

const whole = -1

function add(tags: Map<string, string[]>, name: string, tag: string): void {
  tags.set(name, [...(tags.get(name) ?? []), tag])
}
