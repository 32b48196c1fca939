import { describeTarget, type LinkTarget, linkRuleOf, targetKey } from '../model/link-spec.ts'
import type { LinkState } from '../model/state.ts'
import type { Change, Reason, Verdict } from './change.ts'
import { differing } from './diff-map.ts'

/** What happens to a link: kept, switched to another program, or made anew. */
export type LinkDifference = Pick<Change, 'action' | 'because'> & { readonly verdict?: Verdict }

/** Compares a live link with the wanted one; `reloaded` says that the wanted program is loaded anew by this plan. */
export function diffLink(before: LinkState, after: LinkState, reloaded: boolean): LinkDifference {
  if (before.live?.severed) return { action: 'replace', because: [{ attribute: 'severed' }] }
  const moved = diffTarget(before.target, after.target)
  if (moved.length > 0) return { action: 'replace', because: moved, verdict: verdictOfMove(before, after) }
  const other = differing('program', before.program, after.program)
  if (other.length === 0 && !reloaded) return { action: 'keep', because: [] }
  const because: Reason[] =
    other.length > 0 ? other : [{ attribute: 'program', before: before.program, after: after.program }]
  if (linkRuleOf(after.target).updatable) return { action: 'update', because, verdict: 'atomic' }
  return { action: 'replace', because, verdict: verdictOfMove(before, after) }
}

function diffTarget(before: LinkTarget, after: LinkTarget): Reason[] {
  // Unknown without a record, too: the kernel tells of a struct's link only which map it runs.
  if (before.kind === 'struct_ops' && before.type === '?' && after.kind === 'struct_ops') return []
  if (targetKey(before) !== targetKey(after))
    return [{ attribute: 'target', before: describeTarget(before), after: describeTarget(after) }]
  if (before.kind !== 'xdp' || after.kind !== 'xdp') return []
  // Unknown without a record (bpf_link_info has no mode): then the link is as good as the wanted one.
  return before.mode === undefined ? [] : differing('mode', before.mode, after.mode)
}

/** On the same exclusive hook two links cannot stand side by side: EBUSY. */
function verdictOfMove(before: LinkState, after: LinkState): Verdict {
  const sameHook = targetKey(before.target) === targetKey(after.target)
  return sameHook && linkRuleOf(after.target).exclusive ? 'gap' : after.onReplace
}
