import type { AttachPlaces } from '../../kernel/attach-places.ts'
import type { Diagnostic } from '../../model/diagnostic.ts'
import { describeTarget, type LinkTarget } from '../../model/link-spec.ts'
import { readAttachments } from '../snapshot/read-attachments.ts'
import { finding } from './codes.ts'
import type { DraftedProgram } from './drafted.ts'
import type { Found } from './found.ts'

/** Imported programs that are attached by netlink or PROG_ATTACH, where the kernel tells: it does not of sockmaps. */
export function attachedOtherwise(
  found: Found,
  matched: ReadonlyMap<number, DraftedProgram>,
  places: AttachPlaces,
): readonly Diagnostic[] {
  const programs = [...matched.keys()].flatMap((id) => found.program(id) ?? [])
  const links = found.graph.roots.flatMap(({ link }) => (link === undefined ? [] : (found.link(link) ?? [])))
  return readAttachments(found.kernel, { places, programs, links }).flatMap(({ programId, target }) => {
    const program = matched.get(programId)
    return program ? [attached(program, target)] : []
  })
}

function attached(program: DraftedProgram, target: LinkTarget): Diagnostic {
  const detail = `program.${program.name} is attached to ${describeTarget(target)} without a link: that stays as it is and is not part of the stack.`
  return finding('P183', 'warning', {
    detail,
    hint: hints[target.kind] ?? 'declare it under `links:` once it is detached there',
  })
}

const hints: Partial<Record<LinkTarget['kind'], string>> = {
  xdp: 'to have upgrades switch it: `bpftool net detach xdp dev NAME`, then declare it under `links:` and apply; nothing runs in between',
  tcx: 'to have upgrades switch it: declare it under `links:` (tcx runs before tc filters), apply, and remove the filter (`tc filter del`)',
  cgroup:
    'to have upgrades switch it: declare it under `links:`, apply, and `bpftool cgroup detach` the old one; both run in between',
}
