import type { SavedProcess } from '../../kernel/host-snapshot.ts'
import type { Kernel } from '../../kernel/kernel.ts'

/** Who has descriptors of maps, programs and links, by process. Looks through /proc, so it is slow. */
export function readProcesses(kernel: Kernel): readonly SavedProcess[] {
  const descriptors = kernel.descriptors()
  const found = new Map<number, SavedProcess['objects'][number][]>()
  for (const kind of ['map', 'program', 'link'] as const) {
    for (const [id, processes] of descriptors[kind]) {
      for (const process of processes) found.set(process, [...(found.get(process) ?? []), [kind, id]])
    }
  }
  return [...found].map(([id, objects]) => {
    const name = kernel.processName(id)
    return { id, ...(name !== undefined && { name }), objects }
  })
}
