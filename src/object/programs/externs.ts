import type { BtfTypes } from '../btf/btf-types.ts'

/** What a name without a definition stands for, as a phrase for `unsupported`: `kfunc bpf_x`, `kconfig CONFIG_HZ`. */
export type NameExtern = (symbol: string) => string

const sections = [
  { name: '.kconfig', what: 'kconfig' },
  { name: '.ksyms', what: 'ksym' },
]

/** Reads which undefined names are kfuncs, kernel symbols or kernel configuration. `types` as the compiler left them. */
export function readExterns(types: BtfTypes | undefined): NameExtern {
  const known = new Map<string, string>()
  for (const { name, what } of sections) {
    const section = types?.get(types.find('section', name) ?? 0)
    if (section?.kind !== 'section') continue
    for (const { type: id } of section.variables) {
      const type = types?.get(id)
      if (type?.kind === 'function') known.set(type.name, 'kfunc')
      if (type?.kind === 'variable') known.set(type.name, what)
    }
  }
  return (symbol) => `${known.get(symbol) ?? 'undefined symbol'} ${symbol}`
}
