import type { ProgramSpec } from '../../index.ts'

/** Where a program seems to belong. */
export interface GuessedHook {
  /** What stands behind `attach:`; absent where the section says it all. */
  readonly attach?: string
  /** What the reader has to look at. */
  readonly fill: string
}

/** Guesses from what a section's name means; undefined for kinds of links that pinfold does not make. */
export function guessHook({ type, attachType, attachTarget }: ProgramSpec): GuessedHook | undefined {
  const rule = rules.find((it) => it.type === type && it.attachType?.test(attachType ?? '') !== false)
  const needsTarget = rule?.attach === undefined && attachTarget === undefined
  if (rule?.isIterator) return iterator(attachTarget)
  return rule && !needsTarget
    ? { ...(rule.attach !== undefined && { attach: rule.attach }), fill: rule.fill }
    : undefined
}

interface Rule {
  readonly type: ProgramSpec['type']
  readonly attachType?: RegExp
  readonly attach?: string
  readonly fill: string
  readonly isIterator?: true
}

const asSection = 'the section says where'
const interfaces = 'your interface'
const cgroups = 'your cgroup'
const cgroup = '{ cgroup: { path: /sys/fs/cgroup } }'

const rules: readonly Rule[] = [
  { type: 'xdp', attachType: /^(xdp)?$/, attach: '{ xdp: { interface: eth0, mode: auto } }', fill: interfaces },
  {
    type: 'sched_cls',
    attachType: /egress$/,
    attach: '{ tcx: { interface: eth0, direction: egress } }',
    fill: interfaces,
  },
  {
    type: 'sched_cls',
    attachType: /^(tcx_ingress)?$/,
    attach: '{ tcx: { interface: eth0, direction: ingress } }',
    fill: `${interfaces} and direction`,
  },
  {
    type: 'cgroup_skb',
    attachType: /^$/,
    attach: '{ cgroup: { path: /sys/fs/cgroup, type: cgroup_inet_ingress } }',
    fill: `${cgroups} and direction`,
  },
  ...(
    [
      'cgroup_skb',
      'cgroup_sock',
      'cgroup_sock_addr',
      'cgroup_sockopt',
      'cgroup_sysctl',
      'cgroup_device',
      'sock_ops',
    ] as const
  ).map((type) => ({ type, attach: cgroup, fill: cgroups })),
  { type: 'sk_lookup', attach: '{ netns: {} }', fill: 'this network namespace, or `path:` of another' },
  { type: 'flow_dissector', attach: '{ netns: {} }', fill: 'this network namespace, or `path:` of another' },
  { type: 'tracepoint', fill: asSection },
  { type: 'raw_tracepoint', fill: asSection },
  { type: 'raw_tracepoint_writable', fill: asSection },
  { type: 'tracing', attachType: /^trace_iter$/, fill: asSection, isIterator: true },
]

/** Some iterators have to be told what they walk. */
function iterator(target: string | undefined): GuessedHook | undefined {
  if (target === undefined) return undefined
  if (target === 'cgroup') return { attach: '{ iter: { cgroup: { path: /sys/fs/cgroup } } }', fill: 'where it starts' }
  if (mapWalks.has(target)) return { attach: '{ iter: { map: NAME } }', fill: 'the map that it walks' }
  return { fill: asSection }
}

const mapWalks: ReadonlySet<string> = new Set(['bpf_map_elem', 'bpf_sk_storage_map', 'sockmap'])
