import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noSandbox } from '../../examples/sandbox.ts'
import { Lab } from './lab.ts'
import { killEverywhere } from './matrix.ts'
import type { LinuxScenario } from './scenarios.ts'

// All of them take minutes: `npm run crash`. Otherwise a few, and always those around a switch.
const stride = process.env['PINFOLD_CRASH'] === 'all' ? 1 : 16

/** One test for each scenario. The count of kills is printed at the end. */
export function testKills(scenarios: readonly LinuxScenario[]): void {
  describe.skipIf(noSandbox() !== undefined)('the command line, killed with SIGKILL at its system calls', () => {
    let lab: Lab
    let kills = 0
    beforeAll(async () => {
      lab = await Lab.open()
    })
    afterAll(() => {
      lab[Symbol.dispose]()
      console.log(`${kills} kills in ${scenarios.length} scenarios`)
    })

    test.each(scenarios)('$name', { timeout: 1_200_000 }, async (scenario) => {
      const here = await killEverywhere(lab, scenario, stride)
      expect(here).toBeGreaterThan(3)
      kills += here
    })
  })
}
