import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { readManifest, wish } from '../../src/cli/read-manifest.ts'
import { apply, makeDestroyPlan, makePlan, openMemoryMachine, readCurrent, type Step } from '../../src/index.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-recovery-'))
afterAll(() => rmSync(directory, { recursive: true }))

const manifest = 'examples/tail-calls/pinfold.yaml'
const bpffs = '/sys/fs/bpf'

test('an apply that was killed after the switch: plan says what comes first, apply does it and is done', async () => {
  const state = await killedAfter('link.uplink')
  const planned = await pinfold(state, 'plan')
  expect(planned.code).toBe(2)
  expect(planned.printed).toContain(`An interrupted run was found:
└─ next  generation 1, 8 pins; every link runs it already: it will be published
pinfold apply does that first; pinfold recover edge does nothing else.

pinfold plan · edge ·`)

  const unattended = await pinfold(state, 'apply')
  expect(unattended.code).toBe(1)
  expect(unattended.printed).toContain('error C108: cannot recover edge')

  const applied = await pinfold(state, 'apply', '--auto-approve')
  expect(applied.code).toBe(0)
  expect(applied.printed).toMatch(/^An interrupted run was found/)
  expect(applied.printed).toContain('Recovered edge')
  expect((await pinfold(state, 'plan')).code).toBe(0)
})

test('with --json a plan holds the recovery that comes before it', async () => {
  const state = await killedAfter('load-program')
  const { code, printed } = await pinfold(state, 'plan', '--json')
  expect(code).toBe(2)
  expect(JSON.parse(printed)).toMatchObject({
    type: 'plan',
    exitCode: 2,
    recovery: { action: 'recover', leftovers: [{ todo: 'discard', tree: 'next', generation: 1 }] },
  })
})

describe('pinfold recover', () => {
  test('does what the next apply would do first, and nothing else', async () => {
    const state = await killedAfter('link.uplink')
    const unattended = await pinfold(state, 'recover')
    expect(unattended).toMatchObject({ code: 1, printed: expect.stringContaining('error C108: cannot recover edge') })
    const { code, printed } = await pinfold(state, 'recover', 'edge', '--auto-approve')
    expect(code).toBe(0)
    expect(printed).toContain('next  generation 1, 8 pins; every link runs it already: it will be published')
    expect(printed).toContain('rename next to live\nRecovered edge, generation 1: 1 step')
    expect((await pinfold(state, 'plan')).code).toBe(0)
  })

  test('says so where there is nothing to do', async () => {
    const state = await killedAfter('link.uplink')
    await pinfold(state, 'apply', '--auto-approve')
    const nothing = { code: 0, printed: 'Nothing to recover: edge is whole.\n' }
    expect(await pinfold(state, 'recover', '--auto-approve')).toEqual(nothing)
    expect(await pinfold(state, 'recover', '--json')).toEqual({
      code: 0,
      printed: '{"type":"nothing","version":1,"stack":"edge"}\n',
    })
  })

  test('of a first apply that switched nothing leaves no trace', async () => {
    const state = await killedAfter('load-program')
    const { code, printed } = await pinfold(state, 'recover', '--auto-approve', '--json')
    expect(code).toBe(0)
    const [plan, ...events] = printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(plan).toMatchObject({ action: 'recover', leftovers: [{ todo: 'discard', tree: 'next' }] })
    expect(events.at(-1)).toMatchObject({ type: 'finished', outcome: { result: 'done' } })
    expect((await pinfold(state, 'show')).printed).toBe('No stacks on /sys/fs/bpf.\n')
  })

  test('finishes a destroy that was killed, to the last directory', async () => {
    const state = await destroyKilled()
    expect((await pinfold(state, 'plan')).printed).toContain('live  generation 1, 8 pins; an interrupted destroy')
    expect((await pinfold(state, 'recover', '--auto-approve')).code).toBe(0)
    expect((await pinfold(state, 'show')).printed).toBe('No stacks on /sys/fs/bpf.\n')
    const gone = await pinfold(state, 'recover', 'edge')
    expect(gone).toMatchObject({ code: 1, printed: expect.stringContaining('error C111: cannot recover edge') })
  })
})

/** The state file of a machine on which a destroy was killed after its first step. */
async function destroyKilled(): Promise<string> {
  const file = await killedAfter('link.uplink')
  await pinfold(file, 'apply', '--auto-approve')
  const machine = openMemoryMachine(JSON.parse(readFileSync(file, 'utf8')))
  const kernel = machine.open()
  const steps = apply(kernel, makeDestroyPlan(readCurrent(kernel, { bpffs, stack: 'edge' })), undefined)
  for await (const event of steps) if (event.type === 'step-finished') break
  kernel.kill()
  writeFileSync(file, JSON.stringify(machine.snapshot()))
  return file
}

/** The state file of a machine on which an apply was killed after its first step of this kind, or when it had pinned this object. */
test.each(['next', 'live', 'gen-3'])(
  'of %s nothing but directories is left: show says why, and recover removes it',
  async (tree) => {
    const machine = openMemoryMachine()
    for (const path of ['edge', `edge/${tree}`, `edge/${tree}/maps`])
      machine.open().bpffs.makeDirectory(`${bpffs}/${path}`)
    const state = join(directory, `bare-${tree}.json`)
    writeFileSync(state, JSON.stringify(machine.snapshot()))
    expect((await pinfold(state, 'show', 'edge')).printed).toContain('left by something that was interrupted')
    expect(await pinfold(state, 'plan', '--drift-only')).toMatchObject({ code: tree === 'live' ? 3 : 0 })
    expect(await pinfold(state, 'recover', '--auto-approve')).toMatchObject({ code: 0 })
    expect(
      openMemoryMachine(JSON.parse(readFileSync(state, 'utf8')))
        .open()
        .bpffs.stat(`${bpffs}/edge/${tree}`),
    ).toBeUndefined()
  },
)

async function killedAfter(last: string): Promise<string> {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  const desired = wish(readManifest({ file: manifest }, fakeTerminal().terminal), { kernel, bpffs })
  kernel.bpffs.makeDirectory(`${bpffs}/edge`)
  const plan = makePlan(readCurrent(kernel, { bpffs, stack: 'edge' }, desired), desired)
  for await (const event of apply(kernel, plan, desired, { parallelLoads: 1 })) {
    if (event.type === 'step-finished' && isAbout(event.step, last)) break
  }
  kernel.kill()
  const file = join(directory, `${last}.json`)
  writeFileSync(file, JSON.stringify(machine.snapshot()))
  return file
}

const isAbout = (step: Step, last: string): boolean =>
  step.kind === last || (step.kind === 'pin' && step.target === `next:${last}`)

async function pinfold(state: string, ...words: string[]): Promise<{ code: number; printed: string }> {
  const { terminal, printed } = fakeTerminal()
  const named = words[0] === 'show' ? words : [...words, '-f', manifest]
  const code = await main([...named, '--kernel', 'memory', '--state', state], terminal)
  return { code, printed: printed() }
}
