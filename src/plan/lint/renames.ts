import { type Address, kindOf, nameOf } from '../../model/address.ts'
import { targetKey } from '../../model/link-spec.ts'
import type { MapState, ProgramState, Resource } from '../../model/state.ts'
import { toHex } from '../../util/hex.ts'
import { nearest } from '../../util/nearest.ts'
import { planCodes } from '../codes.ts'
import { found, type Rule, type Scene } from './scene.ts'

/** Objects that go while one just like them is made: perhaps it is one with a new name (P148). */
export const renames: Rule = (scene) => {
  const { current, desired, changes } = scene
  const created = resourcesOf(scene, 'create', desired)
  const taken = new Set<Address>()
  return resourcesOf(scene, 'delete', current).flatMap((gone) => {
    const alike = created.filter((it) => !taken.has(it.address) && isAlike(gone, it)).map(({ address }) => address)
    const to = alike.length === 1 ? alike[0] : (nearest(gone.address, alike) as Address | undefined)
    if (to === undefined) return []
    taken.add(to)
    const loses = changes.some(({ address, verdict }) => address === gone.address && verdict === 'data loss')
    const fate = { map: fateOf(gone, loses), program: 'it stays loaded', link: 'it stays attached' }
    const detail = `${gone.address} goes and ${to} is new, and they are alike: if it is one ${kindOf(to)} with a new name, ${fate[kindOf(to)]} where it is when the manifest says so.${isSection(gone) ? whyRenamed : ''}`
    return [
      found(scene, planCodes.rename, {
        address: to,
        detail,
        hint: `write moved: [{ from: ${gone.address}, to: ${to} }]`,
      }),
    ]
  })
}

function fateOf(map: Resource, loses: boolean): string {
  if (isSection(map)) return 'it stays with what its variables hold'
  return loses ? 'its entries stay' : 'it stays'
}

const isSection = (resource: Resource): boolean => resource.kind === 'map' && resource.contents.kind === 'data'
const whyRenamed = " The name of a data section has its object's in front where several objects have that section."

const resourcesOf = ({ changes }: Scene, action: 'create' | 'delete', { resources }: Scene['current' | 'desired']) =>
  changes.flatMap((change): Resource[] => {
    const resource = change.action === action ? resources.get(change.address) : undefined
    return resource ? [resource] : []
  })

function isAlike(gone: Resource, made: Resource): boolean {
  if (gone.kind === 'map') return made.kind === 'map' && isAlikeMap(gone, made)
  if (gone.kind === 'program') return made.kind === 'program' && isAlikeProgram(gone, made)
  return made.kind === 'link' && targetKey(gone.target) === targetKey(made.target)
}

function isAlikeMap(gone: MapState, made: MapState): boolean {
  const { shape, layout, contents } = made
  const isPlain = contents.kind === 'runtime' || contents.kind === 'entries'
  const isFit = isSection(gone) || isSection(made) ? isOneSection(gone, made) : isPlain
  return (
    gone.owner === 'stack' &&
    made.owner === 'stack' &&
    isFit &&
    JSON.stringify([gone.shape, gone.layout.key, gone.layout.value]) ===
      JSON.stringify([shape, layout.key, layout.value])
  )
}

/** `data` of the only object is `main_data` beside another's. */
function isOneSection(gone: MapState, made: MapState): boolean {
  const [short = '', long = ''] = [nameOf(gone.address), nameOf(made.address)].sort((a, b) => a.length - b.length)
  return isSection(gone) && isSection(made) && long.endsWith(`_${short}`)
}

const isAlikeProgram = (gone: ProgramState, made: ProgramState): boolean =>
  gone.load !== undefined &&
  gone.code !== undefined &&
  made.code !== undefined &&
  gone.load.type === made.load?.type &&
  toHex(gone.code.instructions) === toHex(made.code.instructions)
