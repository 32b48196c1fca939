import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { look } from '../../src/cli/await-confirmation.ts'
import { main } from '../../src/cli/main.ts'
import { takeBackOverdue } from '../../src/cli/unconfirmed.ts'
import { apply, type MemoryMachine, makePlan, openMemoryMachine, readCurrent } from '../../src/index.ts'
import { stackOf } from '../apply/stack.ts'
import { applyTo, confirmIn, due, later, stageOf, upgraded, verdictOf, version, waitFor } from './support/confirming.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const bpffs = '/sys/fs/bpf'
const directory = mkdtempSync(join(tmpdir(), 'pinfold-confirm-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('an apply that has to be confirmed', () => {
  test('stays when it is, and its apply ends as if nothing had been to confirm', async () => {
    const machine = await upgraded()
    const running = verdictOf(machine)
    later(() => confirmIn(machine))
    const { code, printed } = await waitFor(machine)
    expect({ code, running: verdictOf(machine) }).toEqual({ code: 0, running })
    expect(printed).toBe(
      'Generation 2 awaits confirmation, 60 s left. Keep it: pinfold confirm edge. Take it back: Ctrl-C.\nConfirmed edge, generation 2.\n',
    )
    machine.passTime(61_000)
    expect(
      look({ kernel: machine.open(), bpffs, files: new Map(), [Symbol.dispose]: () => undefined }, 'edge'),
    ).toBeUndefined()
  })

  test('is taken back by itself when the time is up: exit code 6', async () => {
    const machine = openMemoryMachine()
    await applyTo(machine, version(0))
    const former = verdictOf(machine)
    await applyTo(machine, version(1), 60_000)
    expect(verdictOf(machine)).not.toBe(former)
    later(() => machine.passTime(60_000))
    const { code, printed } = await waitFor(machine)
    expect({ code, running: verdictOf(machine) }).toEqual({ code: 6, running: former })
    expect(printed).toContain('Nobody confirmed it in time: generation 2 is taken back.\npinfold rollback · edge')
    expect(printed).toContain('Rolled back edge, generation 3')
  })

  test('is taken back at once by an interrupt', async () => {
    const machine = await upgraded()
    const { code, printed } = await waitFor(machine, { interruptAfter: 1 })
    expect(code).toBe(6)
    expect(printed).toContain('Rolled back edge, generation 3')
  })

  test('of a first generation is taken back to nothing', async () => {
    const machine = openMemoryMachine()
    await applyTo(machine, version(0), 1000)
    machine.passTime(1000)
    const { code, printed } = await waitFor(machine, {}, { json: true })
    expect(code).toBe(6)
    expect([...machine.inspect.pins().keys()]).toEqual([])
    const documents = printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(documents[0]).toMatchObject({ type: 'unconfirmed', stack: 'edge', generation: 1, former: 0 })
    expect(documents.at(-1)).toMatchObject({ type: 'finished', outcome: { result: 'done' } })
  })

  test('that another command took back meanwhile is said to be', async () => {
    const machine = await upgraded()
    const other = machine.open()
    later(() =>
      takeBackOverdue(
        { kernel: other, bpffs, files: new Map(), [Symbol.dispose]: () => undefined },
        stageOf(other),
        due,
      ),
    )
    const { code, printed } = await waitFor(machine)
    expect(code).toBe(6)
    expect(printed).toContain('Generation 2 of edge was taken back by another command.\n')
  })

  test('is refused before anything is done where the former generation would not be kept', async () => {
    const machine = openMemoryMachine()
    await applyTo(machine, stackOf())
    const before = JSON.stringify(machine.snapshot().inodes)
    expect(await applyTo(machine, stackOf({ verdicts: { v4: 1 } }), 60_000)).toEqual(['P404'])
    expect(JSON.stringify(machine.snapshot().inodes)).toBe(before)
  })

  test('is overdue at once when the applier dies between publishing and starting the clock', async () => {
    const machine = openMemoryMachine()
    await applyTo(machine, version(0))
    const kernel = machine.open()
    const wanted = { ...version(1), confirmWithin: 60_000 }
    const plan = makePlan(readCurrent(kernel, { bpffs, stack: 'edge' }, wanted), wanted)
    for await (const event of apply(kernel, plan, wanted, { patience: 20 })) {
      if (event.type === 'step-finished' && event.step.kind === 'exchange') break
    }
    kernel.kill()
    const session = { kernel: machine.open(), bpffs, files: new Map(), [Symbol.dispose]: () => undefined }
    expect(look(session, 'edge')).toMatchObject({ generation: 2, former: 1, left: 0 })
  })
})

describe('other commands', () => {
  test('while a generation awaits confirmation: plan says so, apply is refused with 5, confirm keeps it', async () => {
    const state = stateOf(await upgraded())
    expect((await pinfold(state, 'show')).printed).toContain(' · awaits confirmation')
    expect(await pinfold(state, 'recover', 'edge')).toMatchObject({
      code: 0,
      printed: expect.stringMatching(
        /^Generation 2 awaits confirmation for \d+ s more: .+ take it back to generation 1\.\n$/,
      ),
    })
    expect(await pinfold(state, 'confirm', 'edge')).toMatchObject({
      code: 0,
      printed: expect.stringContaining('Confirmed edge, generation 2'),
    })
    const again = await pinfold(state, 'confirm', 'edge')
    expect(again).toMatchObject({ code: 1, printed: expect.stringContaining('error P406: cannot confirm edge') })
  })

  test('an overdue generation is named and taken back by recover', async () => {
    const machine = await upgraded(-1)
    const { code, printed } = await pinfold(stateOf(machine), 'recover', 'edge', '--auto-approve')
    expect(code).toBe(0)
    expect(printed).toMatch(/^Generation 2 was not confirmed in time: .+ take it back to generation 1; .+\n/)
    expect(printed).toContain('Rolled back edge, generation 3')
  })

  test.each(['soon', '-1', '0', '25h', '5d'])('--confirm %s is refused', async (time) => {
    const { code, printed } = await pinfold(
      join(directory, 'none.json'),
      'apply',
      `--confirm=${time}`,
      '-f',
      'examples/tail-calls/pinfold.yaml',
    )
    expect(code).toBe(1)
    expect(printed).toContain('error C104: cannot read --confirm')
  })
})

let states = 0

function stateOf(machine: MemoryMachine): string {
  const file = join(directory, `${++states}.json`)
  writeFileSync(file, JSON.stringify(machine.snapshot()))
  return file
}

async function pinfold(state: string, ...words: string[]): Promise<{ code: number; printed: string }> {
  const { terminal, printed } = fakeTerminal()
  const code = await main([...words, '--kernel', 'memory', '--state', state], terminal)
  return { code, printed: printed() }
}
