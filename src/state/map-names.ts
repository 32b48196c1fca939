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
