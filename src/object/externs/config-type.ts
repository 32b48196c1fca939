import type { BtfTypes } from '../btf/btf-types.ts'
import type { ConfigType } from './extern.ts'

/** What a variable of a BTF type can hold of the kernel's configuration, as libbpf has it. */
export function configTypeOf(types: BtfTypes, id: number): ConfigType {
  const { type } = types.resolve(id)
  switch (type.kind) {
    case 'int':
      if (type.bool) return type.size === 1 ? 'bool' : 'unknown'
      if (type.size === 1) return 'char'
      return [2, 4, 8].includes(type.size) ? 'integer' : 'unknown'
    case 'enum':
      return type.size === 4 && type.name === 'libbpf_tristate' ? 'tristate' : 'unknown'
    case 'array':
      return type.length > 0 && configTypeOf(types, type.element) === 'char' ? 'text' : 'unknown'
    default:
      return 'unknown'
  }
}
