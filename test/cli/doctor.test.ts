import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { apply, type MemoryMachine, makePlan, openMemoryMachine, readCurrent } from '../../src/index.ts'
import { applyStack } from '../apply/runs.ts'
import { stackOf } from '../apply/stack.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-doctor-'))
afterAll(() => rmSync(directory, { recursive: true }))
const bpffs = '/sys/fs/bpf'

async function stacked(): Promise<MemoryMachine> {
  const machine = openMemoryMachine()
  await applyStack(machine.open(), stackOf())
  return machine
}

/** What doctor finds on a machine, with --repair also afterwards, and the machine that it leaves. */
async function examined(machine: MemoryMachine, ...words: string[]) {
  const file = join(directory, 'state.json')
  writeFileSync(file, JSON.stringify(machine.snapshot()))
  const { terminal, printed } = fakeTerminal()
  const code = await main(['doctor', '--json', ...words, '--kernel', 'memory', '--state', file], terminal)
  const documents = printed()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const checkups = documents.filter(({ type }) => type === 'checkup')
  const after = openMemoryMachine(JSON.parse(readFileSync(file, 'utf8')))
  const codes = checkups.map(({ findings }) => findings.map((it: { code: string }) => it.code))
  return { code, codes, findings: checkups[0]?.findings ?? [], documents, after }
}

const unpin = (machine: MemoryMachine, path: string): void => {
  const kernel = machine.open()
  kernel.bpffs.unpin(`${bpffs}/${path}`)
  kernel.close()
}

test('a stack that is well: nothing found, exit code 0, and nothing is changed', async () => {
  const machine = await stacked()
  const { code, codes, after } = await examined(machine)
  expect({ code, codes }).toEqual({ code: 0, codes: [[]] })
  expect(after.snapshot().inodes).toEqual(machine.snapshot().inodes)
})

describe('an array whose last pin was removed', () => {
  test('is found with the program that misses its tail calls, and left alone without --repair', async () => {
    const machine = await stacked()
    unpin(machine, 'edge/live/maps/calls')
    const { code, findings, after } = await examined(machine)
    expect(code).toBe(3)
    expect(findings).toMatchObject([
      {
        code: 'P501',
        severity: 'error',
        stack: 'edge',
        address: 'map.calls',
        repair: { kind: 'rescue', name: 'calls' },
      },
    ])
    expect(after.inspect.pins().has(`${bpffs}/edge/live/maps/calls`)).toBe(false)
  })

  test('is rescued by --repair: pinned, filled, and the tail calls work again', async () => {
    const machine = await stacked()
    const [before] = machine.inspect.reachableArrays()
    unpin(machine, 'edge/live/maps/calls')
    expect(machine.inspect.reachableArrays()[0]?.slots.size).toBe(0)
    const { code, codes, after } = await examined(machine, '--repair')
    expect({ code, codes }).toEqual({ code: 0, codes: [['P501'], []] })
    expect(after.inspect.reachableArrays()).toEqual([before])
  })
})

test('a declared slot that somebody emptied is filled again', async () => {
  const machine = await stacked()
  const kernel = machine.open()
  {
    using array = kernel.openPin(`${bpffs}/edge/live/maps/calls`)
    kernel.remove(array as never, new Uint8Array([1, 0, 0, 0]))
  }
  kernel.close()
  const { code, codes, after } = await examined(machine, 'edge', '--repair')
  expect({ code, codes }).toEqual({ code: 0, codes: [['P502'], []] })
  expect(after.inspect.reachableArrays()[0]?.slots.size).toBe(2)
})

test('a program that stood in a slot and is gone cannot be put back: the advice is to apply', async () => {
  const machine = await stacked()
  unpin(machine, 'edge/live/maps/calls')
  unpin(machine, 'edge/live/programs/v4')
  machine.settle()
  const { code, findings } = await examined(machine, '--repair')
  expect(code).toBe(3)
  expect(findings).toMatchObject([{ code: 'P501', hint: 'v4 cannot be found any more: pinfold apply loads it again' }])
})

test('what a killed apply left is found, and --repair does what recover does', async () => {
  const machine = await stacked()
  const kernel = machine.open()
  const wanted = stackOf({ verdicts: { v4: 1 } })
  const plan = makePlan(readCurrent(kernel, { bpffs, stack: 'edge' }, wanted), wanted)
  for await (const event of apply(kernel, plan, wanted, { parallelLoads: 1 })) {
    if (event.type === 'step-finished' && event.step.kind === 'load-program') break
  }
  kernel.kill()
  const { code, codes, findings, after } = await examined(machine, '--repair')
  expect({ code, codes }).toEqual({ code: 0, codes: [['P505'], []] })
  expect(findings[0].detail).toBe('A command on edge was interrupted and left next (discard).')
  expect([...after.inspect.pins().keys()].some((path) => path.includes('/next/'))).toBe(false)
})

test('a severed link is found', async () => {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  const ifindex = kernel.interfaceIndex('eth9') ?? 0
  await applyStack(kernel, stackOf({ interface: 'eth9', ifindex }))
  kernel.close()
  machine.removeInterface('eth9')
  const { code, findings } = await examined(machine)
  expect(code).toBe(3)
  expect(findings).toMatchObject([{ code: 'P504', stack: 'edge', hint: 'pinfold apply attaches it anew' }])
})

test('a program attached at a hook of the stack without any pin is found', async () => {
  const { codes } = await examined(await withForeign(await stacked()))
  expect(codes).toEqual([['P507']])
})

/** A machine on which somebody attached a program of their own where the stack's link is, and kept no pin of it. */
async function withForeign(machine: MemoryMachine): Promise<MemoryMachine> {
  const kernel = machine.open()
  const program = await kernel.loadProgram({
    name: 'theirs',
    load: { type: 'xdp', flags: 0, license: 'GPL' },
    instructions: new Uint8Array([0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]),
    references: [],
  })
  machine.attachWithoutLink({ kind: 'xdp', interface: 'lo', ifindex: 1 }, kernel.describe(program).id)
  kernel.close()
  return machine
}

test('a stack that is not there is refused', async () => {
  const { code, documents } = await examined(await stacked(), 'egde')
  expect(code).toBe(1)
  expect(documents).toMatchObject([{ type: 'error', code: 'C111', hint: 'did you mean edge?' }])
})
