import { readFileSync } from 'node:fs'
import { btfSection } from '../btf/btf-section.ts'
import { ObjectError } from '../model/errors.ts'

/** Where BTF of a kernel lies, in libbpf's order; before Linux 5.4 and without CONFIG_DEBUG_INFO_BTF only in files that somebody put there. */
const places = [
  'sys/kernel/btf/vmlinux',
  'boot/vmlinux-%',
  'lib/modules/%/vmlinux-%',
  'lib/modules/%/build/vmlinux',
  'usr/lib/modules/%/kernel/vmlinux',
  'usr/lib/debug/boot/vmlinux-%',
  'usr/lib/debug/boot/vmlinux-%.debug',
  'usr/lib/debug/lib/modules/%/vmlinux',
]

/** BTF of the kernel of that release below a root directory; undefined where there is none, or none that this user may read. */
export function readVmlinuxBtf(release: string, root = '/'): Uint8Array | undefined {
  for (const place of places) {
    const found = readBtf(`${root}${place.replaceAll('%', release)}`)
    if (found) return found
  }
  return undefined
}

function readBtf(path: string): Uint8Array | undefined {
  try {
    return btfSection(readFileSync(path), path)
  } catch (error) {
    // A vmlinux without a section .BTF, or a file that is not there.
    if (error instanceof ObjectError || (error instanceof Error && 'code' in error)) return undefined
    throw error
  }
}
