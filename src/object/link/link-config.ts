import { type ConfigProblem, resolveConfig } from '../externs/resolve-config.ts'
import { virtualConfig } from '../externs/virtual-config.ts'
import { configSection } from '../maps/data-maps.ts'
import type { ObjectFile } from '../object-file.ts'
import type { LinkTarget } from './link-target.ts'

/** Fills the map `.kconfig` of an object with the values of a kernel; as it is where nothing is known of the kernel. */
export function linkConfig(
  object: ObjectFile,
  target: LinkTarget,
): { readonly object: ObjectFile; readonly problems: readonly ConfigProblem[] } {
  const externs = [...object.externs.values()].filter((extern) => extern.kind === 'config')
  const { machine } = target
  if (externs.length === 0 || !machine) return { object, problems: [] }
  const names = new Set(externs.map(({ name }) => name))
  const config = { text: machine.config(), virtual: virtualConfig(names, target) }
  const { bytes, problems } = resolveConfig(externs, { config, byteOrder: object.byteOrder })
  const maps = object.maps.map((map) =>
    map.name === configSection && map.contents.kind === 'data' ? { ...map, contents: { ...map.contents, bytes } } : map,
  )
  return { object: { ...object, maps }, problems }
}
