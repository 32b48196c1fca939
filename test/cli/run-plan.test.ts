import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { execute } from '../../src/cli/run-plan.ts'
import type { DesiredState, Kernel, MemoryMachine } from '../../src/index.ts'
import { makePlan, readCurrent } from '../../src/index.ts'
import { desired, link, map, program } from '../support/builders.ts'
import { machineWith, place } from '../support/memory-stack.ts'
import { type FakeTerminalOptions, fakeTerminal } from './support/fake-terminal.ts'

const first = [map('flows'), program('ingress', ['flows']), link('eth0', 'ingress')]
const second = [map('flows'), program('ingress', ['flows'], 1), link('eth0', 'ingress')]
const directory = mkdtempSync(join(tmpdir(), 'pinfold-run-plan-'))
afterAll(() => rmSync(directory, { recursive: true }))

test("a program that the verifier rejects: the log's end is shown, all of it kept, nothing changed", async () => {
  const machine = await machineWith(first)
  const before = JSON.stringify(machine.inspect.links())
  const log = `${'long\n'.repeat(500)}R1 invalid mem access 'scalar'\nprocessed 3 insns\n`
  machine.rejectProgram('ingress', log)
  const file = join(directory, 'verifier.log')
  const { code, printed } = await upgrade(machine, desired(...second), { options: { 'verifier-log': file } })
  expect(code).toBe(1)
  expect(printed).toContain('load program.ingress: failed\n')
  expect(printed).toMatch(
    /! error K100: cannot load program\.ingress: .+\n! {3}the end of the verifier's log \(489 lines omitted; .+\):\n/,
  )
  expect(printed).toContain("!     R1 invalid mem access 'scalar'\n")
  expect(printed.split('\n').length).toBeLessThan(60)
  expect(printed).toMatch(/! Nothing was changed\.\n$/)
  expect(readFileSync(file, 'utf8')).toBe(log)
  expect(JSON.stringify(machine.inspect.links())).toBe(before)
})

test('an interrupt before the switch leaves everything as it was', async () => {
  const machine = await machineWith(first)
  const { code, printed } = await upgrade(machine, desired(...second), { terminal: { interruptAfter: 2 } })
  expect(code).toBe(1)
  expect(printed).toContain('it was interrupted')
  expect(printed).toMatch(/Nothing was changed\.\n$/)
})

test('with --json every event is a document on a line of its own', async () => {
  const machine = await machineWith(first)
  const { code, printed } = await upgrade(machine, desired(...second), { options: { json: true } })
  const events = printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string })
  expect(code).toBe(0)
  expect(events.at(0)).toMatchObject({ type: 'started', action: 'apply' })
  expect(events.at(-1)).toMatchObject({ type: 'finished', outcome: { result: 'done', generation: 2 } })
  expect(new Set(events.map((event) => event.type))).toEqual(
    new Set(['started', 'step-started', 'step-finished', 'finished']),
  )
})

interface Setting {
  readonly options?: Parameters<typeof execute>[0]['options']
  readonly terminal?: FakeTerminalOptions
}

async function upgrade(machine: MemoryMachine, wanted: DesiredState, setting: Setting) {
  const kernel: Kernel = machine.open()
  const { terminal, printed } = fakeTerminal(setting.terminal)
  const plan = makePlan(readCurrent(kernel, place, wanted), wanted)
  const code = await execute({ kernel, terminal, options: setting.options ?? {} }, plan, wanted)
  kernel.close()
  return { code, printed: printed() }
}
