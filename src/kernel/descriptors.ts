import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Descriptors, ObjectKind } from './kernel.ts'

/** Looks through /proc for descriptors: processes by the id of the object. What ends meanwhile, or is closed to us, is left out. */
export function readDescriptors(): Descriptors {
  const found = { map: new Map(), program: new Map(), link: new Map() } as Record<ObjectKind, Map<number, number[]>>
  for (const process of namesIn('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    for (const { kind, id } of objectsOf(process)) {
      const holders = found[kind].get(id) ?? []
      if (!holders.includes(Number(process))) found[kind].set(id, [...holders, Number(process)])
    }
  }
  return found
}

/** What /proc calls a process. */
export const readProcessName = (id: number): string | undefined =>
  orUndefined(() => readFileSync(`/proc/${id}/comm`, 'utf8').trimEnd())

/** How /proc names each kind of descriptor, and where its id is: a link tells its program's id, too. */
const kinds: readonly { readonly kind: ObjectKind; readonly name: RegExp; readonly id: RegExp }[] = [
  { kind: 'map', name: /^anon_inode:.*bpf.map/, id: /^map_id:\s*(\d+)/m },
  { kind: 'program', name: /^anon_inode:.*bpf.prog/, id: /^prog_id:\s*(\d+)/m },
  { kind: 'link', name: /^anon_inode:.*bpf.link/, id: /^link_id:\s*(\d+)/m },
]

function* objectsOf(process: string): Generator<{ readonly kind: ObjectKind; readonly id: number }> {
  for (const fd of namesIn(`/proc/${process}/fd`)) {
    const name = orUndefined(() => readlinkSync(`/proc/${process}/fd/${fd}`))
    const rule = name === undefined ? undefined : kinds.find((it) => it.name.test(name))
    if (!rule) continue
    const text = orUndefined(() => readFileSync(`/proc/${process}/fdinfo/${fd}`, 'latin1'))
    const id = rule.id.exec(text ?? '')?.[1]
    if (id !== undefined) yield { kind: rule.kind, id: Number(id) }
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
