import { readdirSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { gunzipSync } from 'node:zlib'
import type { Machine, SymbolAddress } from '../model/machine.ts'

const btfDirectory = '/sys/kernel/btf'

/** The running kernel's description of itself: /sys/kernel/btf, its configuration, /proc/kallsyms. */
export function linuxMachine(): Machine {
  const vmlinux = once(() => readVmlinux(release()))
  const modules = once(listModules)
  const config = once(() => readConfig(release()))
  const btf = new Map<string, Uint8Array | undefined>()
  return {
    release: release(),
    vmlinuxBtf: vmlinux,
    moduleNames: modules,
    moduleBtf(name) {
      if (!btf.has(name)) btf.set(name, readOrNothing(`${btfDirectory}/${name}`))
      return btf.get(name)
    },
    config,
    symbolAddresses,
  }
}

function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined
  return () => {
    known ??= { value: read() }
    return known.value
  }
}

function readVmlinux(release: string): Uint8Array | undefined {
  return readOrNothing(`${btfDirectory}/vmlinux`) ?? readOrNothing(`/boot/btf-${release}`)
}

function listModules(): readonly string[] {
  try {
    return readdirSync(btfDirectory)
      .filter((name) => name !== 'vmlinux')
      .sort()
  } catch {
    return []
  }
}

/** What libbpf reads, in its order. */
function readConfig(release: string): string | undefined {
  const plain = readOrNothing(`/boot/config-${release}`)
  if (plain) return plain.toString('latin1')
  const packed = readOrNothing('/proc/config.gz')
  return packed && gunzipSync(packed).toString('latin1')
}

/** The file is not there, or not readable for this user: then the kernel does not tell. */
function readOrNothing(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** Lines are `ffffffff81000000 T name` with a tab and a module behind for those of modules. */
function symbolAddresses(names: ReadonlySet<string>): ReadonlyMap<string, SymbolAddress> {
  const found = new Map<string, SymbolAddress>()
  const text = readOrNothing('/proc/kallsyms')?.toString('latin1') ?? ''
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const stop = end < 0 ? text.length : end
    const start = text.indexOf(' ', at) + 3
    const tab = text.indexOf('\t', start)
    const name = text.slice(start, tab > 0 && tab < stop ? tab : stop)
    if (names.has(name)) addSymbol(found, name, BigInt(`0x${text.slice(at, start - 3)}`))
    at = stop + 1
  }
  return found
}

function addSymbol(found: Map<string, SymbolAddress>, name: string, address: bigint): void {
  const before = found.get(name)
  if (!before) found.set(name, { address, ambiguous: false })
  else if (before.address !== address) found.set(name, { ...before, ambiguous: true })
}
