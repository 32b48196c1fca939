import { expect, test } from 'vitest'
import { parseSectionName, sectionPatterns } from '../../src/object/section-names.ts'

test('the table has all rows of libbpf', () => {
  expect(sectionPatterns.length).toBe(105)
})

test.each([
  ['xdp', { type: 'xdp', attachType: 'xdp', flags: 0 }],
  ['xdp.frags/cpumap', { type: 'xdp', attachType: 'xdp_cpumap', flags: 0x20 }],
  ['socket', { type: 'socket_filter', flags: 0 }],
  ['tc', { type: 'sched_cls', flags: 0 }],
  ['tcx/egress', { type: 'sched_cls', attachType: 'tcx_egress', flags: 0 }],
  ['cgroup/connect_unix', { type: 'cgroup_sock_addr', attachType: 'cgroup_unix_connect', flags: 0 }],
  ['cgroup_skb/ingress', { type: 'cgroup_skb', attachType: 'cgroup_inet_ingress', flags: 0 }],
  ['tracepoint/sched/sched_switch', { type: 'tracepoint', attachTarget: 'sched/sched_switch', flags: 0 }],
  ['raw_tp/sched_switch', { type: 'raw_tracepoint', attachTarget: 'sched_switch', flags: 0 }],
  ['iter.s/task', { type: 'tracing', attachType: 'trace_iter', attachTarget: 'task', flags: 0x10 }],
  ['fentry', { type: 'tracing', attachType: 'trace_fentry', flags: 0 }],
  ['kprobe.multi/do_*', { type: 'kprobe', attachType: 'trace_kprobe_multi', attachTarget: 'do_*', flags: 0 }],
  ['syscall', { type: 'syscall', flags: 0x10 }],
])('%s means %o', (section, meaning) => {
  expect(parseSectionName(section)).toStrictEqual({ ...meaning, autoload: true })
})

test.each(['xdp_foo', 'xdp/foo', 'tc/anything', 'socket/tail', 'kprobes', 'fentry.x/y', '.text', ''])(
  '"%s" names no program type, as in libbpf 1.x',
  (section) => {
    expect(parseSectionName(section)).toStrictEqual({ flags: 0, autoload: true })
  },
)

test('a question mark means that the program is loaded only when it is asked for', () => {
  expect(parseSectionName('?xdp')).toStrictEqual({ type: 'xdp', attachType: 'xdp', flags: 0, autoload: false })
})
