import { readFileSync } from 'node:fs'
import { loadAddon } from './addon.ts'
import { mapCreateAttr, mapElementAttr } from './attr-map.ts'
import { kernelError } from './errno.ts'
import type { FdTable } from './fd.ts'
import type { Fd, MapCreate } from './kernel.ts'
import { bpf, tryBpfAsync } from './syscall.ts'

/**
 * Waits for an RCU grace period: programs that ran when it was called have ended (not sleepable ones). About 10 ms, on the
 * thread pool. Throws a KernelError (K108) where the kernel offers no way.
 */
export async function waitForGracePeriod(fds: FdTable): Promise<void> {
  // A successful update of a map-in-map waits in the kernel (1ae80cf31938, Linux 4.20); a failed one does not.
  const result = await updateMapInMap(fds)
  if (result < 0 && !membarrier()) {
    throw kernelError({
      command: 'BPF_MAP_UPDATE_ELEM',
      errno: -result,
      doing: 'wait for running programs to end',
      code: 'K108',
    })
  }
}

async function updateMapInMap(fds: FdTable): Promise<number> {
  using inner = createArray(fds, { ...request, shape: { ...request.shape, type: 'array' } })
  using outer = createArray(fds, { ...request, inner })
  const key = new Uint8Array(4)
  const value = new Uint8Array(Uint32Array.of(inner.number).buffer)
  return await tryBpfAsync('BPF_MAP_UPDATE_ELEM', mapElementAttr(outer, key, value))
}

const request: MapCreate = {
  name: 'pinfold_grace',
  shape: { type: 'array_of_maps', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 },
}

const createArray = (fds: FdTable, map: MapCreate): Fd<'map'> & Disposable =>
  fds.own('map', bpf('BPF_MAP_CREATE', mapCreateAttr(map), 'create a map to wait with'))

/** With one CPU online the kernel returns at once, without a grace period. */
const membarrier = (): boolean => onlineCpus() > 1 && loadAddon().membarrier(MEMBARRIER_CMD_GLOBAL, 0) >= 0

const onlineCpus = (): number => countCpus(readFileSync('/sys/devices/system/cpu/online', 'latin1'))

/** How many CPUs a list such as `0-3,8` names. */
export function countCpus(list: string): number {
  const ranges = list.trim().split(',')
  return ranges.reduce((count, range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return count + last - first + 1
  }, 0)
}

const MEMBARRIER_CMD_GLOBAL = 1
