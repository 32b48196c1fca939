import { basename } from 'node:path'
import type { MapSpec } from '../model/map-spec.ts'
import type { LoadedObject } from './desired-reading.ts'

/**
 * The manifest's name of a map in an object: its own, or for a data section the section's without the leading dot, other
 * dots as `_`. Where several objects have that section, the object's name stands in front: `main_rodata`.
 */
export function mapNames(
  objects: readonly LoadedObject[],
): (object: LoadedObject, spec: Pick<MapSpec, 'name'>) => string {
  const owners = new Map<string, number>()
  for (const spec of objects.flatMap(({ file }) => file.maps)) owners.set(spec.name, (owners.get(spec.name) ?? 0) + 1)
  return (object, { name }) => {
    if (!name.startsWith('.') && !name.includes('.')) return name
    const plain = name.replace(/^\./, '').replaceAll('.', '_')
    return (owners.get(name) ?? 0) > 1 ? `${object.name}_${plain}` : plain
  }
}

/**
 * The name that the kernel gets of a map, before it is cut to 15 bytes: a data section's has as much of its object file's name
 * in front as fits, as with libbpf, so that `bpftool map` tells whose `.rodata` it is; one with a name of its own has not, nor has `.percpu`.
 */
export function kernelMapName({ file }: Pick<LoadedObject, 'file'>, { name }: Pick<MapSpec, 'name'>): string {
  if (!/^\.[^.]+$/.test(name) || name === '.percpu') return name
  const object = basename(file.name).split('.')[0] ?? ''
  return object.slice(0, Math.max(0, longestName - Math.max(shortestSuffix, name.length))) + name
}

const longestName = 15
// `.data` and `.bss` leave no more room for the object's name than `.rodata` does.
const shortestSuffix = 7
