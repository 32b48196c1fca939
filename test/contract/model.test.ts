import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canTestLinux } from '../support/linux.ts'
import { type Command, walk } from './model-commands.ts'
import { Walker } from './model-walker.ts'
import { answersSince } from './older-kernels.ts'
import { eventually, onOneCpu, openLinuxWorld, openMemoryWorld, type TestWorld } from './test-world.ts'

/** Walks per run of the suite; more with PINFOLD_WALKS, another start with PINFOLD_SEED. */
const walks = Number(process.env['PINFOLD_WALKS'] ?? 300)
const seed = Number(process.env['PINFOLD_SEED'] ?? 20_261_123)

describe.skipIf(!canTestLinux)('any sequence of operations', () => {
  let linux: TestWorld
  let memory: TestWorld
  beforeAll(() => {
    onOneCpu()
    linux = openLinuxWorld()
    memory = openMemoryWorld()
  })
  afterAll(() => {
    linux.close()
    memory.close()
  })

  test('has the same answers and leaves the same state on both kernels', { timeout: 180_000 }, async ({ skip }) => {
    // The machine in memory is a kernel of today, and a walk meets every difference.
    if (!answersSince(linux.kernel, '6.12')) skip('older than Linux 6.12')
    const answers = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(walk, async (commands) => {
        for (const answer of await compare(memory, linux, commands)) answers.set(answer, (answers.get(answer) ?? 0) + 1)
      }),
      { numRuns: walks, seed, endOnFailure: walks > 300 },
    )
    if (process.env['PINFOLD_SEED']) console.log(Object.fromEntries([...answers].sort()))
    // A walk that is refused everywhere proves nothing.
    expect(answers.get('ok')).toBeGreaterThan(walks * 10)
    for (const errno of ['EEXIST', 'ENOENT', 'EINVAL', 'EPERM', 'ENOTEMPTY', 'ENOTDIR', 'E2BIG']) {
      expect([errno, (answers.get(errno) ?? 0) > 0]).toEqual([errno, true])
    }
  })
})

let walkers = 0

/** Takes every step on both; the answers, where they agree. */
async function compare(memory: TestWorld, linux: TestWorld, commands: readonly Command[]): Promise<string[]> {
  const name = `walk${++walkers}`
  const [ours, theirs] = [new Walker(memory, `${memory.bpffs}/${name}`), new Walker(linux, `${linux.bpffs}/${name}`)]
  const answers: string[] = []
  try {
    for (const command of commands) {
      const expected = await theirs.step(command)
      const answer = await ours.step(command)
      expect({ command, answer }).toEqual({ command, answer: expected })
      const state = ours.state()
      expect(await eventually(state, () => theirs.state())).toEqual(state)
      answers.push(answer, `${command.kind} ${answer}`)
    }
    expect(await ours.unheld()).toEqual(await theirs.unheld())
  } finally {
    theirs.end()
    ours.end()
  }
  expect(ours.left()).toEqual([])
  expect(await eventually([], () => theirs.left())).toEqual([])
  return answers
}
