import type { BtfTypes } from '../btf/btf-types.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import { configTypeOf } from './config-type.ts'
import type { ConfigExtern, Extern, Externs, KernelExtern } from './extern.ts'

/**
 * Reads which undefined names are variables of the kernel's configuration, kernel variables or kernel functions. `types` as the
 * compiler left them; without BTF nothing is known of a name.
 */
export function readExterns(elf: ElfFile, types: BtfTypes | undefined): Externs {
  if (!types) return new Map()
  const weak = new Set(
    elf.symbols.flatMap(({ section, binding, name }) => (section === 0 && binding === 'weak' ? [name] : [])),
  )
  const found = { types, weak }
  const config = placeInMap(readSection(found, '.kconfig').flatMap((name) => toConfig(found, name)))
  checkSize(config, found)
  const kernel = readSection(found, '.ksyms').flatMap((name) => toKernel(found, name))
  const sorted = kernel.sort(byName).map((extern, index) => ({ ...extern, order: config.length + index }))
  return new Map<string, Extern>([...config, ...sorted].map((extern) => [extern.name, extern]))
}

/** Bytes; more than all of a kernel's configuration has. */
const largestConfig = 256 * 1024

/** Its bytes are in no file, so a number alone could ask for any amount of memory. */
function checkSize(config: readonly ConfigExtern[], { types }: Sources): void {
  const size = Math.max(0, ...config.map(({ offset, size }) => offset + size))
  const section = types.find('section', '.kconfig') ?? 0
  if (size > largestConfig)
    types.fail('O010', `its variables of the kernel's configuration have ${size} bytes`, section)
}

interface Sources {
  readonly types: BtfTypes
  readonly weak: ReadonlySet<string>
}

/** The ids of what a section of names without definitions lists. */
function readSection({ types }: Sources, name: string): readonly number[] {
  const section = types.get(types.find('section', name) ?? 0)
  return section.kind === 'section' ? section.variables.map(({ type }) => type) : []
}

interface Unplaced extends Omit<ConfigExtern, 'offset'> {
  readonly alignment: number
}

function toConfig({ types, weak }: Sources, id: number): readonly Unplaced[] {
  const variable = types.get(id)
  if (variable.kind !== 'variable') return []
  const { name, to: typeId } = variable
  const { type } = types.resolve(typeId)
  return [
    {
      kind: 'config',
      name,
      weak: weak.has(name),
      type: configTypeOf(types, typeId),
      signed: type.kind === 'int' && type.signed,
      size: types.sizeOf(typeId) ?? 0,
      typeId,
      alignment: alignmentOf(types, typeId),
    },
  ]
}

/** Bytes; of what configuration values can be: numbers, and arrays of them. */
function alignmentOf(types: BtfTypes, id: number): number {
  const { type } = types.resolve(id)
  return type.kind === 'array' ? alignmentOf(types, type.element) : Math.max(1, Math.min(8, types.sizeOf(id) ?? 1))
}

/** In libbpf's order: the strictest alignment first, then the smallest, then by name. */
function placeInMap(unplaced: readonly Unplaced[]): readonly ConfigExtern[] {
  const sorted = unplaced.toSorted((a, b) => b.alignment - a.alignment || a.size - b.size || byName(a, b))
  let end = 0
  return sorted.map(({ alignment, ...extern }) => {
    const offset = Math.ceil(end / alignment) * alignment
    end = offset + extern.size
    return { ...extern, offset }
  })
}

function toKernel({ types, weak }: Sources, id: number): readonly Omit<KernelExtern, 'order'>[] {
  const type = types.get(id)
  if (type.kind !== 'function' && type.kind !== 'variable') return []
  const { kind, name } = type
  const typeId = kind === 'function' ? type.prototype : type.to
  const isTyped = types.resolve(typeId).type.kind !== 'void'
  return [{ kind, name, weak: weak.has(name), ...(isTyped ? { typeId } : {}) }]
}

/** As strcmp has it. */
const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0
