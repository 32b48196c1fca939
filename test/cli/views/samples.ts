import type { Envelope } from '../../../src/cli/envelope.ts'
import { painter } from '../../../src/cli/terminal.ts'
import { type PlanDocument, planDocument } from '../../../src/cli/views/plan-document.ts'
import type { Change, KernelIdentity, Plan } from '../../../src/index.ts'

export const plain = painter(false)

export const linux: KernelIdentity = {
  kind: 'linux',
  release: '6.18.44-amd64',
  machine: 'x86_64',
  bootId: '',
  host: { name: 'edge-1', id: '' },
  possibleCpus: 2,
  byteOrder: 'little',
}

/** A plan of these changes; a step stands for all that is to be done. */
export function plan(changes: readonly Change[], other: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    action: 'apply',
    stack: 'edge',
    directory: '/sys/fs/bpf/edge',
    generation: { from: 7, to: 8 },
    changes,
    steps: changes.some((change) => change.action !== 'keep')
      ? [{ phase: 'publish', kind: 'exchange', a: 'next', b: 'live' }]
      : [],
    existing: {},
    preconditions: [],
    ledger: { arrays: [], rows: [] },
    diagnostics: [],
    ...other,
  }
}

export const change = (action: Change['action'], address: Change['address'], other: Partial<Change> = {}): Change => ({
  action,
  address,
  because: [],
  ...other,
})

const envelope: Envelope = {
  tool: 'pinfold 0.1.0',
  time: '2026-01-02T03:04:05Z',
  nonce: '0123456789abcdef',
  host: { kind: 'linux', name: 'edge-1', id: '', release: linux.release, machine: linux.machine, bootId: '' },
  bpffs: '/sys/fs/bpf',
  variables: [],
  objects: [],
  adopt: false,
}

/** The document of a plan that was made on edge-1; `recovery` comes before it. */
export const document = (of: Plan, recovery?: Plan): PlanDocument =>
  planDocument(of, { identity: linux, envelope, recovery: recovery && { ...recovery, leftovers: [] } })
