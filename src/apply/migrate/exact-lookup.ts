import type { Fd, Kernel } from '../../kernel/kernel.ts'
import { toHex } from '../../util/hex.ts'
import type { EntrySizes } from './converter.ts'

/** The value that stands at exactly this key, if there is one. */
export type Lookup = (key: Uint8Array) => Uint8Array | undefined

/** Looks entries of a map up. In a trie the kernel finds the longest prefix that covers a key, so its entries are listed first. */
export function exactLookup(
  kernel: Kernel,
  map: Fd<'map'>,
  { type, sizes }: { readonly type: string; readonly sizes: Pick<EntrySizes, 'key' | 'value'> },
): Lookup {
  if (type !== 'lpm_trie') return (key) => kernel.lookup(map, key)
  let listed: ReadonlyMap<string, Uint8Array> | undefined
  return (key) => {
    listed ??= list(kernel, map, sizes)
    return listed.get(toHex(key))
  }
}

function list(kernel: Kernel, map: Fd<'map'>, sizes: Pick<EntrySizes, 'key' | 'value'>): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  for (const { keys, values, count } of kernel.entries(map)) {
    for (let entry = 0; entry < count; entry++) {
      const key = toHex(keys.subarray(entry * sizes.key, (entry + 1) * sizes.key))
      found.set(key, values.slice(entry * sizes.value, (entry + 1) * sizes.value))
    }
  }
  return found
}
