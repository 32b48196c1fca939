import { readdirSync, readFileSync } from 'node:fs'
import { release, version } from 'node:os'
import { gunzipSync } from 'node:zlib'
import type { Machine } from '../model/machine.ts'
import { once } from '../util/once.ts'
import { lacksConstant } from './lacks-constant.ts'
import { loadedVmlinuxBtf } from './loaded-btf.ts'
import { readVmlinuxBtf } from './read-vmlinux-btf.ts'
import { symbolsIn } from './symbols.ts'

const btfDirectory = '/sys/kernel/btf'

/** The running kernel's description of itself: /sys/kernel/btf, its configuration, /proc/kallsyms. */
export function linuxMachine(): Machine {
  const vmlinux = once(() => loadedVmlinuxBtf() ?? readVmlinuxBtf(release()))
  const modules = once(listModules)
  const config = once(() => readConfig(release()))
  const btf = new Map<string, Uint8Array | undefined>()
  const code = versionCode(release(), version())
  return {
    release: release(),
    version: code,
    vmlinuxBtf: vmlinux,
    moduleNames: modules,
    moduleBtf(name) {
      if (!btf.has(name)) btf.set(name, readOrNothing(`${btfDirectory}/${name}`))
      return btf.get(name)
    },
    config,
    symbols: readSymbols,
    symbolAddresses: (names) => symbolsIn(readSymbols() ?? '', names),
    lacks: (constant) => lacksConstant({ version: code, vmlinuxBtf: vmlinux }, constant),
  }
}

/** Debian's releases end in `.0`: the real number stands in the version, `#1 SMP Debian 6.1.55-1 (2023-09-29)`. */
export function versionCode(release: string, version: string): number {
  const text = /Debian ([0-9]+\.[0-9]+\.[0-9]+)/.exec(version)?.[1] ?? release
  const [major = 0, minor = 0, patch = 0] = text.split(/[^0-9]/).map(Number)
  return (major << 16) | (minor << 8) | Math.min(255, patch)
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

const readSymbols = (): string | undefined => readOrNothing('/proc/kallsyms')?.toString('latin1')

/** The file is not there, or not readable for this user: then the kernel does not tell. */
function readOrNothing(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
