import type { Machine } from '../../model/machine.ts'
import { unpack, unpackText } from '../../util/packed.ts'
import type { SavedMachine, SavedTypes } from '../host-snapshot.ts'
import { symbolsIn } from '../symbols.ts'
import { unknown } from './unknown.ts'

/** What a kernel said of itself when the snapshot was taken. Throws a KernelError for what is not in that. */
export function savedMachine({ release, version, config, types, lacking = [] }: SavedMachine): Machine {
  const unpacked = new Map<string, Uint8Array>()
  const bytesOf = (name: string, packed: string | undefined): Uint8Array | undefined => {
    if (packed === undefined) return undefined
    const bytes = unpacked.get(name) ?? unpack(packed)
    unpacked.set(name, bytes)
    return bytes
  }
  return {
    release,
    version,
    vmlinuxBtf: () => bytesOf('vmlinux', typesOf(types).vmlinux),
    moduleNames: () => Object.keys(typesOf(types).modules),
    moduleBtf: (name) => bytesOf(`module ${name}`, typesOf(types).modules[name]),
    config: () => config && unpackText(config),
    symbols: () => symbolsOf(types),
    symbolAddresses: (names) => symbolsIn(symbolsOf(types) ?? '', names),
    lacks: (constant) => lacking.includes(constant),
  }
}

function typesOf(types: SavedTypes | undefined): SavedTypes {
  return types ?? unknown('K111', { read: "read the kernel's types", why: 'the snapshot was taken without its BTF' })
}

function symbolsOf(types: SavedTypes | undefined): string | undefined {
  if (!types) return unknown('K112', { read: "read the kernel's symbols", why: 'the snapshot was taken without them' })
  return types.symbols && unpackText(types.symbols)
}
