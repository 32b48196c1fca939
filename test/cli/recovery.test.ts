import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { readManifest, wish } from '../../src/cli/read-manifest.ts'
import { apply, makePlan, openMemoryMachine, readCurrent } from '../../src/index.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-recovery-'))
afterAll(() => rmSync(directory, { recursive: true }))

const manifest = 'examples/tail-calls/pinfold.yaml'
const bpffs = '/sys/fs/bpf'

test('an apply that was killed after the switch: plan says what comes first, apply does it and is done', async () => {
  const state = await killedAfter('create-link')
  const planned = await pinfold(state, 'plan')
  expect(planned.code).toBe(2)
  expect(planned.printed).toMatch(/^An interrupted run was found: pinfold apply will first .+\.\n\npinfold plan · edge/)

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
    recovery: { action: 'recover', leftover: ['discard'] },
  })
})

/** The state file of a machine on which an apply was killed after its first step of this kind. */
async function killedAfter(kind: string): Promise<string> {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  const desired = wish(readManifest({ file: manifest }, fakeTerminal().terminal), { kernel, bpffs })
  kernel.bpffs.makeDirectory(`${bpffs}/edge`)
  const plan = makePlan(readCurrent(kernel, { bpffs, stack: 'edge' }, desired), desired)
  for await (const event of apply(kernel, plan, desired, { parallelLoads: 1 })) {
    if (event.type === 'step-finished' && event.step.kind === kind) break
  }
  kernel.kill()
  const file = join(directory, `${kind}.json`)
  writeFileSync(file, JSON.stringify(machine.snapshot()))
  return file
}

async function pinfold(state: string, ...words: string[]): Promise<{ code: number; printed: string }> {
  const { terminal, printed } = fakeTerminal()
  const code = await main([...words, '-f', manifest, '--kernel', 'memory', '--state', state], terminal)
  return { code, printed: printed() }
}
