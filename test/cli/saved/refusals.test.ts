import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readManifest, wish } from '../../../src/cli/read-manifest.ts'
import { apply, type MemoryMachine, makePlan, readCurrent } from '../../../src/index.ts'
import { ownView } from '../../crash/worlds.ts'
import { fakeTerminal } from '../support/fake-terminal.ts'
import { type Desk, openDesk, resealed, swapSlots } from './desk.ts'

const bpffs = '/sys/fs/bpf'

/** What happens between a plan and its apply, and what the apply says then. */
interface Refusal {
  readonly name: string
  readonly meanwhile: (desk: Desk) => unknown
  /** Further words of the apply. */
  readonly words?: readonly string[]
  readonly code: number
  readonly says: string
}

const json = (file: string, change: (plan: Record<string, never>) => object) => (desk: Desk) =>
  desk.edit(file, (text) => JSON.stringify(change(JSON.parse(text))))

const refusals: readonly Refusal[] = [
  {
    name: 'no such file',
    meanwhile: () => rmSync('plan.json'),
    code: 1,
    says: 'error C130: cannot use plan.json as a plan: there is no such file',
  },
  {
    name: 'something else',
    meanwhile: ({ write }) => write('plan.json', 'a plan\n'),
    code: 1,
    says: 'error C130: cannot use plan.json as a plan: it is no JSON',
  },
  {
    name: 'another document',
    meanwhile: ({ write }) => write('plan.json', '{"type":"stacks","stacks":[]}\n'),
    code: 1,
    says: 'error C130: cannot use plan.json as a plan: it is no plan that pinfold saved',
  },
  {
    name: 'a part of it',
    meanwhile: ({ edit }) => edit('plan.json', (text) => text.slice(0, 500)),
    code: 1,
    says: 'error C130: cannot use plan.json as a plan: it is damaged, or only a part of a plan',
  },
  {
    name: 'a plan without its steps',
    meanwhile: json('plan.json', ({ steps: _, ...plan }) => plan),
    code: 1,
    says: 'error C130: cannot use plan.json as a plan: it is not a whole plan',
  },
  {
    name: 'a step was changed by hand',
    meanwhile: ({ edit }) => edit('plan.json', (text) => text.replace('"path":"next/maps"', '"path":"next/other"')),
    code: 1,
    says: 'error C131: cannot trust plan.json: somebody has changed it since pinfold saved it',
  },
  {
    name: 'the nonce was changed by hand',
    meanwhile: ({ edit }) => edit('plan.json', (text) => text.replace(/"nonce":"....../, '"nonce":"abcdef')),
    code: 1,
    says: 'error C131: cannot trust plan.json: somebody has changed it since pinfold saved it',
  },
  {
    name: 'another version of plans',
    meanwhile: json('plan.json', (plan) => ({ ...plan, version: 7 })),
    code: 1,
    says: 'error C132: cannot use plan.json as a plan: this pinfold does not know version 7 of plans',
  },
  {
    name: 'with other variables',
    meanwhile: () => undefined,
    words: ['--var', 'IFACE=eth1'],
    code: 1,
    says: 'error C133: cannot use --var with plan.json: a saved plan is carried out as it was made',
  },
  {
    name: 'to be confirmed, with a hint that can be followed',
    meanwhile: () => undefined,
    words: ['--confirm', '60s'],
    code: 1,
    says: 'hint: plan again with it: pinfold plan --confirm 60s --out plan.json ',
  },
  {
    name: 'a plan of a command that plans for itself',
    async meanwhile({ pinfold, write }) {
      const { printed } = await pinfold('forget', 'link.uplink', '--stack', 'edge', '--json')
      write('plan.json', printed.split('\n')[0] ?? '')
    },
    code: 1,
    says: 'error C135: cannot apply plan.json: it is a plan to forget edge',
  },
  {
    name: 'another host',
    meanwhile: json('kernel.json', ({ options, ...state }) => ({
      ...state,
      options: { ...(options as unknown as object), host: { name: 'edge-2', id: 'f'.repeat(64) } },
    })),
    code: 5,
    says: 'error P313: cannot apply plan.json: it was made for host memory, and this is edge-2',
  },
  {
    name: 'another boot',
    meanwhile: json('kernel.json', ({ options, ...state }) => ({
      ...state,
      options: { ...(options as unknown as object), bootId: '11111111-0000-4000-8000-000000000000' },
    })),
    code: 5,
    says: 'error P314: cannot apply plan.json: it was made before memory was booted, and no pin outlives that',
  },
  {
    name: 'another bpffs',
    meanwhile: () => undefined,
    words: ['--bpffs', '/mnt/bpf'],
    code: 5,
    says: 'error P315: cannot apply plan.json: it was made for the bpffs at /sys/fs/bpf, and not for /mnt/bpf',
  },
  {
    name: 'another generation',
    async meanwhile({ pinfold, write }) {
      write('other.yaml', 'version: 1\nname: edge\n')
      await pinfold('apply', '-f', 'other.yaml', '--auto-approve')
    },
    code: 5,
    says: 'error P316: cannot apply plan.json: it was made when generation 1 was live, and now generation 2 is',
  },
  {
    name: 'no generation any more',
    meanwhile: ({ pinfold }) => pinfold('destroy', '--auto-approve'),
    code: 5,
    says: 'error P316: cannot apply plan.json: it was made when generation 1 was live, and now none is',
  },
  {
    name: 'another manifest',
    meanwhile: ({ edit }) => edit('pinfold.yaml', (text) => `${text}# the end\n`),
    code: 5,
    says: 'error P317: cannot apply plan.json: pinfold.yaml has changed since the plan was made',
  },
  {
    name: 'a manifest with a mistake',
    meanwhile: ({ edit }) => edit('pinfold.yaml', (text) => `${text}xyz: 1\n`),
    code: 5,
    says: 'error P317: cannot apply plan.json: the manifest has changed since the plan was made, and has mistakes now\n!   hint: pinfold validate',
  },
  {
    name: 'a manifest that is elsewhere now',
    meanwhile: () => rmSync('pinfold.yaml'),
    code: 1,
    says: 'error M009 Unreadable file: pinfold.yaml cannot be read: it does not exist.\n!   hint: apply it in the directory in which it was planned, or name the manifest with -f',
  },
  {
    name: 'another object',
    meanwhile: () => appendFileSync('tail-calls.bpf.o', ' '),
    code: 5,
    says: 'error P318: cannot apply plan.json: object main (',
  },
  {
    name: 'an object that is gone',
    meanwhile: () => rmSync('tail-calls.bpf.o'),
    code: 5,
    says: 'tail-calls.bpf.o) cannot be read any more',
  },
  {
    name: 'other BTF',
    meanwhile: () => writeFileSync('vmlinux', 'BTF'),
    words: ['--btf', 'vmlinux'],
    code: 5,
    says: 'error P319: cannot apply plan.json: it was made without --btf',
  },
  {
    name: 'an interrupted run',
    meanwhile: ({ meddle }) => meddle(killApply),
    code: 5,
    says: 'error P320: cannot apply plan.json: an interrupted run has to be recovered first',
  },
  {
    name: 'the same stack, made anew',
    async meanwhile({ pinfold, edit }) {
      await pinfold('destroy', '--auto-approve')
      edit('pinfold.yaml', swapSlots)
      await pinfold('apply', '--auto-approve')
      edit('pinfold.yaml', swapSlots)
    },
    code: 5,
    says: 'error P301: cannot apply plan.json: live/maps/flows was map #',
  },
  {
    name: 'a step was changed, and the seal made anew',
    meanwhile: resealed((plan) => ({ ...plan, steps: plan.steps.slice(1) })),
    code: 5,
    says: 'error P321: cannot apply plan.json: its steps would be others now',
  },
  {
    name: 'preconditions were left out, and the seal made anew',
    meanwhile: resealed((plan) => ({ ...plan, preconditions: [] })),
    code: 5,
    says: 'error P321: cannot apply plan.json: its preconditions would be others now',
  },
  {
    name: 'a change was hidden, and the seal made anew',
    meanwhile: resealed((plan) => ({ ...plan, changes: plan.changes.map((it) => ({ ...it, action: 'keep' })) })),
    code: 5,
    says: 'error P321: cannot apply plan.json: map.handlers was to be kept, and would be replaced now',
  },
  {
    name: 'another file was named as the manifest, which is not read out, and the seal made anew',
    meanwhile(desk) {
      desk.write('secret', 'root:x:0\n')
      resealed(({ envelope, ...plan }) => ({
        ...plan,
        envelope: { ...envelope, manifest: { digest: '', ...envelope.manifest, file: 'secret' } },
      }))(desk)
    },
    code: 5,
    says: '! error P317: cannot apply plan.json: the manifest has changed since the plan was made, and has mistakes now\n!   hint: pinfold validate tells the mistakes; then plan again\n',
  },
  {
    name: 'a slot that somebody emptied',
    meanwhile: ({ meddle }) =>
      meddle((machine) => {
        const kernel = machine.open()
        using array = kernel.openPin(`${bpffs}/edge/live/maps/handlers`)
        kernel.remove(array as never, new Uint8Array(4))
      }),
    code: 5,
    says: 'error P321: cannot apply plan.json: map.handlers differs otherwise than when the plan was made',
  },
]

/** Plans that are not whole, in other places than the first. */
const halves: readonly Refusal[] = [
  {
    name: 'a row was left half, and the seal made anew',
    meanwhile: resealed((plan) => ({ ...plan, changes: [{ action: 'keep' }] as never })),
    code: 1,
    says: 'error C130: cannot use plan.json as a plan: it is not a whole plan',
  },
  {
    name: 'an object of the envelope was left half, and the seal made anew',
    meanwhile: resealed(({ envelope, ...plan }) => ({ ...plan, envelope: { ...envelope, objects: [{}] as never } })),
    code: 1,
    says: 'error C130: cannot use plan.json as a plan: it is not a whole plan',
  },
]

/** Somebody's apply of the manifest is killed while it loads programs. */
async function killApply(machine: MemoryMachine): Promise<void> {
  const kernel = machine.open()
  const desired = wish(readManifest({}, fakeTerminal().terminal), { kernel, bpffs })
  const plan = makePlan(readCurrent(kernel, { bpffs, stack: 'edge' }, desired), desired)
  for await (const event of apply(kernel, plan, desired, { parallelLoads: 1 }))
    if (event.type === 'step-finished' && event.step.kind === 'load-program') break
  kernel.kill()
}

describe.each([...refusals, ...halves])('a saved plan: $name', ({ meanwhile, words = [], code, says }) => {
  test('is refused with a sentence of its own, and nothing is changed', async () => {
    using desk = openDesk()
    await desk.pinfold('apply', '--auto-approve')
    desk.edit('pinfold.yaml', swapSlots)
    expect((await desk.pinfold('plan', '--out', 'plan.json')).code).toBe(2)
    await meanwhile(desk)
    const before = ownView(desk.machine())
    const answer = await desk.pinfold('apply', 'plan.json', ...words)
    expect(answer.printed).toContain(says)
    expect(answer.code).toBe(code)
    expect(ownView(desk.machine())).toEqual(before)
  })
})

test('each refusal has a sentence of its own', () => {
  expect(new Set(refusals.map(({ says }) => says)).size).toBe(refusals.length - 1)
})
