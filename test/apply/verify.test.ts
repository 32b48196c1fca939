import { expect, test } from 'vitest'
import { type Judgement, verify } from '../../src/apply/verify.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { ProgramAddress } from '../../src/model/address.ts'
import type { ProgramState } from '../../src/model/state.ts'
import { array, desired, link, map, program } from '../support/builders.ts'

const state = desired(
  map('flows'),
  array('jumps', { 0: 'v4' }),
  program('ingress', ['jumps', 'flows']),
  program('v4', ['flows']),
  program('v6', []),
  link('eth0', 'ingress'),
)

async function judgementsOf(events: ReturnType<typeof verify>): Promise<readonly Judgement[]> {
  const judgements: Judgement[] = []
  for await (const judgement of events) judgements.push(judgement)
  return judgements
}

test('every program is judged in the order of an apply, and nothing is left', async () => {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  const judgements = await judgementsOf(verify(kernel, state))
  expect(judgements.map(({ address, result }) => [address, result])).toEqual([
    ['program.ingress', 'accepted'],
    ['program.v4', 'accepted'],
    ['program.v6', 'accepted'],
  ])
  expect(kernel.openDescriptors()).toBe(0)
  for (const kind of ['map', 'program', 'link'] as const) expect(kernel.ids(kind)).toEqual([])
  kernel.close()
})

test('a refusal does not end it', async () => {
  const machine = openMemoryMachine()
  machine.rejectProgram('ingress', 'R0 !read_ok')
  machine.rejectProgram('v6', 'R1 !read_ok')
  const kernel = machine.open()
  const judgements = await judgementsOf(verify(kernel, state))
  expect(judgements.map(({ result }) => result)).toEqual(['refused', 'accepted', 'refused'])
  expect(judgements[0]).toMatchObject({ problem: { code: 'K100', verifier: { reason: 'R0 !read_ok' } } })
  kernel.close()
})

test('whoever stops asking leaves nothing open, not even loads that were under way', async () => {
  const kernel = openMemoryMachine().open()
  for await (const judgement of verify(kernel, state, { parallelLoads: 3 })) {
    expect(judgement.address).toBe('program.ingress')
    break
  }
  expect(kernel.openDescriptors()).toBe(0)
  expect(kernel.ids('program')).toEqual([])
  kernel.close()
})

test('a map that cannot be made is a problem of its own, and of the programs that use it', async () => {
  const kernel = openMemoryMachine().open()
  const wrong = map('flows', {
    shape: { type: 'hash', keySize: 0, valueSize: 8, maxEntries: 1, flags: 0, mapExtra: 0 },
  })
  const events = verify(kernel, desired(wrong, program('ingress', ['flows']), program('v6', [])))
  const first = await events.next()
  const second = await events.next()
  const { value, done } = await events.next()
  expect(first.value).toMatchObject({ address: 'program.ingress', result: 'refused' })
  expect(second.value).toMatchObject({ address: 'program.v6', result: 'accepted' })
  expect(done && value.problems).toMatchObject([{ message: expect.stringMatching(/^cannot create map\.flows: /) }])
  kernel.close()
})

test('what extends a program is verified against it, and refused where that is', async () => {
  const extension = (name: string, of: ProgramAddress): ProgramState => ({
    ...program(name),
    load: { type: 'ext', flags: 0, license: 'GPL', attachTo: 'ingress', attachProgram: of },
  })
  const chain = desired(program('ingress'), extension('first', 'program.ingress'), extension('second', 'program.first'))
  const machine = openMemoryMachine()
  const kernel = machine.open()
  const results = async () => (await judgementsOf(verify(kernel, chain))).map(({ result }) => result)
  expect(await results()).toEqual(['accepted', 'accepted', 'accepted'])
  expect(kernel.openDescriptors()).toBe(0)
  machine.rejectProgram('first', 'R0 !read_ok')
  const [, first, second] = await judgementsOf(verify(kernel, chain))
  expect(first).toMatchObject({ result: 'refused', problem: { code: 'K100' } })
  const message = 'cannot load program.second: program.first, of which it extends or traces a function, is refused'
  expect(second).toMatchObject({ result: 'refused', problem: { message } })
  kernel.close()
})
