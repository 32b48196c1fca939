import type { CheckedLink, Checkup } from '../../model/checkup.ts'
import type { ProgramId } from '../../model/ids.ts'
import { describeTarget, type LinkTarget, linkRuleOf, targetKey } from '../../model/link-spec.ts'
import type { DesiredState } from '../../model/state.ts'
import { type Finding, finding } from './finding.ts'

/** Programs at the hooks of a record or a manifest that neither a pin of their link nor one of their own leads to. */
export function examineHooks(checkup: Checkup, wanted: DesiredState | undefined): readonly Finding[] {
  const { links, graph } = checkup
  const hooks = hooksOf(checkup, wanted)
  const pinned = new Set(checkup.pins.map(({ kind, id }) => `${kind}#${id}`))
  const taken = new Set(links.filter(({ id }) => pinned.has(`link#${id}`)).flatMap(exclusiveKey))
  const byLink = links.flatMap((link) => {
    const hook = link.target && targetKey(link.target)
    if (hook === undefined || link.severed || !hooks.has(hook) || pinned.has(`link#${link.id}`)) return []
    // The kernel does not tell the network namespace: on a hook that is taken it must be an interface of another one.
    if (exclusiveKey(link).some((key) => taken.has(key))) return []
    return [{ hook, program: link.programId, how: `link #${link.id}, ${link.target && describeTarget(link.target)}` }]
  })
  const without = graph.roots.flatMap(({ hook, program, via }) =>
    hook === undefined || pinned.has(`program#${program}`) ? [] : [{ hook, program, how: via }],
  )
  return [...byLink, ...without].map((found) => toFinding(checkup, found, hooks.get(found.hook)))
}

/** Hooks by their key, with the stack whose record names them; undefined for those that only a manifest names. */
function hooksOf({ stacks }: Checkup, wanted: DesiredState | undefined): ReadonlyMap<string, string | undefined> {
  const declared = [...(wanted?.resources.values() ?? [])].flatMap((it): LinkTarget[] =>
    it.kind === 'link' ? [it.target] : [],
  )
  const recorded = stacks.flatMap(({ stack, record }) =>
    Object.values(record?.links ?? {}).map(({ target }) => [targetKey(target), stack] as const),
  )
  return new Map([...declared.map((target) => [targetKey(target), undefined] as const), ...recorded])
}

const exclusiveKey = ({ target, severed }: CheckedLink): string[] =>
  target && !severed && linkRuleOf(target).exclusive ? [targetKey(target)] : []

interface Found {
  readonly program: ProgramId
  readonly how: string
}

function toFinding({ graph }: Checkup, { program, how }: Found, stack: string | undefined): Finding {
  const name = graph.programs.get(program)?.name ?? '?'
  return finding('unpinned', 'warning', {
    detail: `Program #${program} (${name}) is attached by ${how}, and no pin leads to it.`,
    hint: 'detach it where it was attached, or leave it to its owner',
    ...(stack === undefined ? {} : { stack }),
  })
}
