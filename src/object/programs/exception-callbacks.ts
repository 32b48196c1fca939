import type { BtfTypes } from '../btf/btf-types.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import type { FunctionTable, ObjectFunction } from './functions.ts'

/** What catches the exceptions of each program that says so, by the program's name. */
export type ExceptionCallbacks = ReadonlyMap<string, ObjectFunction>

const prefix = 'exception_callback:'

/**
 * Reads `__exception_cb(NAME)`: a tag on the program that names a global function of `.text`, which the verifier wants among the
 * program's own. Throws an ObjectError (O031) where there is no such function, or two are named.
 */
export function readExceptionCallbacks(
  elf: ElfFile,
  types: BtfTypes | undefined,
  functions: FunctionTable,
): ExceptionCallbacks {
  const callbacks = new Map<string, ObjectFunction>()
  for (let id = 1; types && id < types.count; id++) {
    const tag = types.get(id)
    if (tag.kind !== 'tag' || !tag.name.startsWith(prefix)) continue
    const program = types.get(tag.to)
    const owner = program.kind === 'function' ? functions.all.find(isEntryNamed(program.name)) : undefined
    if (!owner) continue
    const name = tag.name.slice(prefix.length)
    const callback = functions.all.find((fn) => fn.name === name && fn.section.name === '.text')
    const fail = (what: string): never => elf.open(owner.section).fail('O031', `${owner.name} ${what}`, owner.offset)
    if (!callback || !isGlobal(types, name)) {
      fail(`has the exception callback ${name}, which is no global function of .text`)
    } else if (callbacks.has(owner.name)) fail('has several exception callbacks')
    else callbacks.set(owner.name, callback)
  }
  return callbacks
}

const isEntryNamed =
  (name: string) =>
  (fn: ObjectFunction): boolean =>
    fn.isEntry && fn.name === name

/** Hidden ones are static by now. */
function isGlobal(types: BtfTypes, name: string): boolean {
  const type = types.get(types.find('function', name) ?? 0)
  return type.kind === 'function' && type.linkage === 'global'
}
