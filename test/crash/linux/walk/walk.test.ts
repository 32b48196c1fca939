import { describe, expect, test } from 'vitest'
import { noSandbox } from '../../../examples/sandbox.ts'
import { Lab } from '../lab.ts'
import { Walk } from './walk.ts'

// A walk is a number, the same in every run: PINFOLD_WALK=17 PINFOLD_WALK_STEPS=200 npx vitest run test/crash/linux/walk.
const isLong = process.env['PINFOLD_CRASH'] === 'all'
const first = Number(process.env['PINFOLD_WALK'] ?? 1)
const walks = Number(process.env['PINFOLD_WALKS'] ?? (isLong ? 10 : 1))
const steps = Number(process.env['PINFOLD_WALK_STEPS'] ?? (isLong ? 100 : 12))

describe.skipIf(noSandbox() !== undefined)('two stacks, any commands one after the other, some of them killed', () => {
  const seeds = Array.from({ length: walks }, (_, index) => first + index)
  test.each(seeds)('walk %i', { timeout: 3_600_000 }, async (seed) => {
    using lab = await Lab.open()
    const walk = new Walk(lab, seed)
    for (let step = 1; step <= steps; step++)
      await walk.step().catch((error) => {
        throw new Error(`walk ${seed}, step ${step}:\n${walk.log.slice(-30).join('\n')}`, { cause: error })
      })
    expect(walk.log.length).toBeGreaterThan(0)
  })
})
