import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Looks through /proc for descriptors of maps: processes by the id of the map. What ends meanwhile, or is closed to us, is left out. */
export function readMapDescriptors(): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>()
  for (const process of namesIn('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    for (const id of new Set(mapsOf(process))) {
      const holders = found.get(id)
      if (holders) holders.push(Number(process))
      else found.set(id, [Number(process)])
    }
  }
  return found
}

function* mapsOf(process: string): Generator<number> {
  for (const fd of namesIn(`/proc/${process}/fd`)) {
    const name = orUndefined(() => readlinkSync(`/proc/${process}/fd/${fd}`))
    if (!name?.startsWith('anon_inode:') || !name.includes('bpf') || !name.includes('map')) continue
    const text = orUndefined(() => readFileSync(`/proc/${process}/fdinfo/${fd}`, 'latin1'))
    const id = /^map_id:\s*(\d+)/m.exec(text ?? '')?.[1]
    if (id !== undefined) yield Number(id)
  }
}

const namesIn = (directory: string): string[] => orUndefined(() => readdirSync(directory)) ?? []

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
