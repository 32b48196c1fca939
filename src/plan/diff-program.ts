import type { MapAddress } from '../model/address.ts'
import type { Code, LoadAttributes } from '../model/program-spec.ts'
import type { ProgramState } from '../model/state.ts'
import { toHex } from '../util/hex.ts'
import type { Reason } from './change.ts'
import { differing } from './diff-map.ts'

/**
 * Why a live program is not the wanted one; empty where it is. The kernel forgets most load attributes and rewrites the
 * code, so both come from the record, and the kernel's tag and map ids say whether the record still speaks of this program.
 */
export function diffProgram(before: ProgramState, after: ProgramState): readonly Reason[] {
  if (before.load === undefined || before.code === undefined) return [{ attribute: 'unknown' }]
  if (before.live?.asRecorded === false) return [{ attribute: 'tag', before: before.live.tag }]
  const reasons = [
    ...(after.load ? diffLoad(before.load, after.load) : []),
    ...(after.code ? diffCode(before.code, after.code) : []),
  ]
  return reasons.length > 0 ? reasons : diffBoundMaps(before, after)
}

const loadAttributes = ['type', 'attachType', 'flags', 'license', 'kernelVersion', 'attachTo', 'attachProgram'] as const

function diffLoad(before: LoadAttributes, after: LoadAttributes): Reason[] {
  return loadAttributes.flatMap((name) => differing(`load.${name}`, before[name], after[name]))
}

function diffCode(before: Code<MapAddress>, after: Code<MapAddress>): Reason[] {
  if (toHex(before.instructions) !== toHex(after.instructions)) return [{ attribute: 'code' }]
  if (before.references.length !== after.references.length) return [{ attribute: 'code' }]
  const reasons = after.references.flatMap((wanted, i): Reason[] => {
    const old = before.references[i]
    if (!old || old.instruction !== wanted.instruction || old.kind !== wanted.kind) return [{ attribute: 'code' }]
    // Neither is in the kernel's tag, which ignores what a map reference points to.
    if (old.map !== wanted.map) return [{ attribute: 'maps', before: old.map, after: wanted.map }]
    return differing(`offset.${wanted.map}`, old.offset, wanted.offset)
  })
  // A program refers to a map from many instructions.
  return [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()]
}

/** The maps that the kernel says it uses, against those of the wanted code: somebody may have pinned another program. */
function diffBoundMaps(before: ProgramState, after: ProgramState): Reason[] {
  const bound = new Set<string>(before.maps)
  const wanted = new Set<string>(after.maps)
  // Others are only bound to it, which older kernels cannot do.
  const needed = new Set<string>(after.code?.references.map(({ map }) => map) ?? after.maps)
  const extra = [...bound].filter((map) => !wanted.has(map))
  const missing = [...needed].filter((map) => !bound.has(map))
  // With all that its code needs, more is only bound to it: libbpf does so with .rodata.
  if (missing.length === 0) return []
  return [{ attribute: 'maps', before: extra.join(', ') || undefined, after: missing.join(', ') || undefined }]
}
