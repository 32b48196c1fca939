import type { BtfId, LinkId, MapId, ProgramId } from '../../model/ids.ts'
import { mapTypeRule } from '../../model/map-types.ts'
import { programTypeNumber } from '../../model/program-types.ts'
import type { LinkInfo, LinkTargetInfo, MapInfo, ObjectInfo, ProgramInfo } from '../kernel.ts'
import { ownerTypeOf } from './owner.ts'
import { refuse } from './refuse.ts'
import type { LinkObject, MapObject, ObjectName, ProgramObject, World } from './world.ts'

/** BPF_OBJ_GET_INFO_BY_FD. */
export function describeObject(world: World, { kind, id }: ObjectName): ObjectInfo {
  const object = world.objects[kind].get(id)
  if (object?.kind === 'map') return describeMap(object)
  if (object?.kind === 'program') return describeProgram(object)
  if (object?.kind === 'link') return describeLink(object)
  return refuse('BPF_OBJ_GET_INFO_BY_FD', 'EINVAL', `${kind} #${id}`)
}

function describeMap(map: MapObject): MapInfo {
  if (map.told) return map.frozen ? { ...map.told, frozen: true } : map.told
  const { type, inner: _, ...shape } = map.shape
  return {
    kind: 'map',
    id: map.id as MapId,
    name: map.name,
    type,
    typeNumber: mapTypeRule(type).number,
    shape,
    btfId: map.btfId as BtfId,
    keyTypeId: map.keyTypeId,
    valueTypeId: map.valueTypeId,
    frozen: map.frozen,
    ...(map.owner === undefined ? {} : { ownerType: ownerTypeOf(map.owner) }),
  }
}

/** The code is neither rewritten nor compiled here: its size stands for both. */
function describeProgram(program: ProgramObject): ProgramInfo {
  if (program.told) return program.told
  return {
    kind: 'program',
    id: program.id as ProgramId,
    name: program.name,
    type: program.load.type,
    typeNumber: programTypeNumber(program.load.type),
    tag: program.tag,
    mapIds: program.mapIds as readonly MapId[],
    loadedAt: program.loadedAt,
    uid: 0,
    gplCompatible: gplCompatible.includes(program.load.license),
    translatedSize: program.size,
    jitedSize: program.size,
    verifiedInstructions: program.size / 8,
    btfId: program.btfId as BtfId,
    attachBtfId: 0,
  }
}

// include/linux/license.h
const gplCompatible: readonly string[] = [
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]

function describeLink(link: LinkObject): LinkInfo {
  return {
    ...link.told,
    kind: 'link',
    id: link.id as LinkId,
    programId: link.programId as ProgramId,
    type: link.type,
    target: link.told && !link.told.target ? undefined : link.severed ? severedTarget(link.target) : targetOf(link),
    severed: link.severed,
  }
}

const targetOf = ({ target, mapId }: LinkObject): LinkTargetInfo =>
  target.kind === 'struct_ops' ? { ...target, mapId: mapId as MapId } : target

/** The kernel tells a place that is gone as 0. */
function severedTarget(target: LinkTargetInfo): LinkTargetInfo {
  switch (target.kind) {
    case 'xdp':
    case 'tcx':
      return { ...target, ifindex: 0 }
    case 'cgroup':
      return { ...target, cgroupId: 0 }
    case 'netns':
      return { ...target, inode: 0 }
    case 'tracepoint':
    case 'raw_tracepoint':
    case 'iter':
    case 'struct_ops':
      return target
  }
}
