import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ProgramLoads } from '../../src/apply/program-loads.ts'
import type { Fd } from '../../src/kernel/kernel.ts'
import { programAddress } from '../../src/model/address.ts'
import type { ProgramRef, Step } from '../../src/plan/step.ts'

const ref = (name: string): ProgramRef => `next:${programAddress(name)}`
const load = (name: string): Step => ({ phase: 'prepare', kind: 'load-program', target: ref(name) })
const pin = (name: string): Step => ({
  phase: 'prepare',
  kind: 'pin',
  target: ref(name),
  path: `next/programs/${name}`,
})

/** A loader that counts what runs and what is open. */
function loader(failing?: string) {
  const seen = { started: [] as string[], running: 0, most: 0, open: 0 }
  const start = async (target: ProgramRef): Promise<Fd<'program'>> => {
    seen.started.push(target)
    seen.most = Math.max(seen.most, ++seen.running)
    await sleep(2)
    seen.running--
    if (failing !== undefined && target === ref(failing)) throw new Error('the verifier rejected it')
    seen.open++
    return { kind: 'program', number: seen.open, [Symbol.dispose]: () => void seen.open-- }
  }
  return { seen, start }
}

test('loads run ahead as far as the limit, over their pins', async () => {
  const { seen, start } = loader()
  const steps = ['a', 'b', 'c', 'd'].flatMap((name) => [load(name), pin(name)])
  await using loads = new ProgramLoads({ steps, limit: 2, load: start })
  for (const name of ['a', 'b', 'c', 'd']) (await loads.take(ref(name)))[Symbol.dispose]()
  expect(seen).toMatchObject({ most: 2, open: 0, started: ['a', 'b', 'c', 'd'].map(ref) })
})

test('no load runs ahead of a step that it may need', async () => {
  const { seen, start } = loader()
  const between: Step = { phase: 'prepare', kind: 'create-map', target: 'next:map.flows' }
  await using loads = new ProgramLoads({ steps: [load('a'), between, load('b')], limit: 4, load: start })
  using _a = await loads.take(ref('a'))
  expect(seen.started).toEqual([ref('a')])
})

test('after a failure nothing more is started, and what had been started is closed', async () => {
  const { seen, start } = loader('a')
  {
    await using loads = new ProgramLoads({ steps: ['a', 'b', 'c', 'd'].map(load), limit: 2, load: start })
    await expect(loads.take(ref('a'))).rejects.toThrow('the verifier rejected it')
  }
  expect(seen).toMatchObject({ started: [ref('a'), ref('b')], running: 0, open: 0 })
})

test('what fails beside it is told when the loads are abandoned', async () => {
  const { seen, start } = loader('b')
  await using loads = new ProgramLoads({ steps: ['a', 'b', 'c', 'd'].map(load), limit: 3, load: start })
  using _a = await loads.take(ref('a'))
  expect(await loads.abandon()).toEqual([{ target: ref('b'), error: new Error('the verifier rejected it') }])
  expect(seen).toMatchObject({ started: ['a', 'b', 'c'].map(ref), running: 0, open: 1 })
})

test('a step that finds its load failed starts nothing behind it; whoever goes on says so', async () => {
  for (const goesOn of [false, true]) {
    const { seen, start } = loader('b')
    const steps = ['a', 'b', 'c', 'd'].map(load)
    await using loads = new ProgramLoads({ steps, limit: 2, load: start, ...(goesOn && { goesOn }) })
    using _a = await loads.take(ref('a'))
    await sleep(5)
    await expect(loads.take(ref('b'))).rejects.toThrow('the verifier rejected it')
    expect(seen.started).toEqual((goesOn ? ['a', 'b', 'c'] : ['a', 'b']).map(ref))
  }
})

test('a failure is told at its own step, though it happened earlier', async () => {
  const { start } = loader('b')
  await using loads = new ProgramLoads({ steps: [load('a'), pin('a'), load('b')], limit: 2, load: start })
  using _a = await loads.take(ref('a'))
  await sleep(5)
  await expect(loads.take(ref('b'))).rejects.toThrow('the verifier rejected it')
})
