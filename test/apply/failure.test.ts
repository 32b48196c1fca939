import { describe, expect, test } from 'vitest'
import { outcomeExitCode } from '../../src/cli/exit-codes.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { MemoryProcess } from '../../src/kernel/memory/process-kernel.ts'
import type { Snapshot } from '../../src/kernel/memory/snapshot.ts'
import { PinfoldError } from '../../src/model/errors.ts'
import { type Scenario, scenarios } from '../crash/scenarios.ts'
import { act, beginning, ended, expectFinished, expectHeld, ownView } from '../crash/worlds.ts'
import { errnos, failing, isReading, triesEverything } from './failing.ts'
import type { Run } from './runs.ts'

describe.each(scenarios)('$name', (scenario) => {
  test('any operation that fails once, however, leaves the old state or the new one and says which', async () => {
    expect(await failEverywhere(scenario, await beginning(scenario))).toContain('thrown')
  })

  test('a second failure, in undoing the first, still loses nothing, and the next run finishes', async () => {
    const snapshot = await beginning(scenario)
    const operations = await operationsOf(snapshot, scenario)
    for (const [first, operation] of operations.entries()) {
      if (!switching.has(operation)) continue
      const after = await operationsOf(snapshot, scenario, first)
      for (let second = first + 1; second < after.length; second += 1 + (first % 3)) {
        const at = `${operation} (${first}), then ${after[second]} (${second})`
        await failTwice(snapshot, scenario, { first, second, at })
      }
    }
  })
})

test('the same where bpffs cannot exchange, before Linux 5.16: what was renamed is renamed back', async () => {
  const [scenario] = scenarios.filter(({ name }) => name === 'pins elsewhere that move on')
  if (!scenario) throw new Error('the scenario has another name')
  const results = await failEverywhere(scenario, await beginning(scenario, { withoutExchange: true }))
  expect(results).toContain('rolled-back')
})

/** Lets each operation of a run fail in turn with each errno that Linux may answer; how the runs ended. */
async function failEverywhere(scenario: Scenario, snapshot: Snapshot): Promise<readonly string[]> {
  const operations = await operationsOf(snapshot, scenario)
  const endings = new Set<string>()
  for (const [index, operation] of operations.entries()) {
    // Reads are many, and alike.
    if (!triesEverything && isReading(operation) && index % 3 > 0) continue
    for (const errno of errnos[operation] ?? []) {
      endings.add(await failOnce(snapshot, scenario, { index, operation, errno }))
    }
  }
  return [...endings]
}

/** The operations of a whole run in order; with `fails` of one in which that one fails. */
async function operationsOf(snapshot: Snapshot, scenario: Scenario, fails?: number): Promise<readonly string[]> {
  const operations: string[] = []
  const kernel = failing(openMemoryMachine(snapshot).open(), (operation) => {
    operations.push(operation)
    return operations.length - 1 === fails ? 'EIO' : undefined
  })
  await act(kernel, scenario).catch(() => undefined)
  return operations
}

interface Failure {
  readonly index: number
  readonly operation: string
  readonly errno: string
}

/** How the run ended in which this failed. */
async function failOnce(snapshot: Snapshot, scenario: Scenario, { index, operation, errno }: Failure): Promise<string> {
  const at = `${operation} (${index}) fails with ${errno}`
  const machine = openMemoryMachine(snapshot)
  const old = ownView(machine)
  machine.beforeCall((next) => expectHeld(machine, scenario, `${at}, then before ${next}`))
  const own = machine.open()
  const ending = await endingOf(failing(own, failingAt(index, errno)), scenario)
  machine.beforeCall(undefined)
  expectHeld(machine, scenario, at)
  expect(own.openDescriptors(), at).toBe(0)
  expectWorded(ending, at)
  const result = ending instanceof Error ? 'thrown' : ending.outcome.result
  own.kill()
  if (result.startsWith('done')) {
    expectFinished(machine, scenario, at)
    return result
  }
  // What an earlier crash left may have been recovered by then.
  if (isOld.has(result) && !scenario.crash) expect(ownView(machine), at).toEqual(old)
  const again = machine.open()
  expect((await act(again, scenario)).outcome, `after ${at}`).toMatchObject(ended(scenario) as object)
  expectFinished(machine, scenario, `after ${at}`)
  return result
}

const isOld: ReadonlySet<string> = new Set(['thrown', 'nothing-changed', 'rolled-back', 'stale'])

/** Counts the calls, and lets one fail. */
function failingAt(index: number, errno: string): () => string | undefined {
  let calls = 0
  return () => (calls++ === index ? errno : undefined)
}

const endingOf = (kernel: MemoryProcess, scenario: Scenario): Promise<Run | Error> =>
  act(kernel, scenario).catch((error: Error) => error)

/** The result fits the phase in which it failed, and there is a sentence. */
function expectWorded(ending: Run | Error, at: string): void {
  if (ending instanceof Error) {
    expect(ending, at).toBeInstanceOf(PinfoldError)
    expect(ending.message, at).toMatch(/^cannot .+: ./)
    return
  }
  const { outcome, events } = ending
  const failed = events.find((event) => event.type === 'step-failed')
  const undo = events.some((event) => event.type === 'undo-failed')
  if (failed) {
    expect(outcome.problem?.message, at).toMatch(/^cannot .+: ./)
    const codes = failed.step.phase === 'retire' || undo ? [7] : failed.step.phase === 'prepare' ? [1, 5] : [5, 6]
    expect(codes, at).toContain(outcomeExitCode(outcome))
  } else if (outcome.result !== 'nothing-changed') expect([0, 7], at).toContain(outcomeExitCode(outcome))
  if (outcome.result === 'incomplete') expect(outcome.left.length, at).toBeGreaterThan(0)
}

/** What is still undone when it fails. */
const switching = new Set(['updateLink', 'createLink', 'exchange', 'rename', 'setOwnership', 'remove'])

async function failTwice(
  snapshot: Snapshot,
  scenario: Scenario,
  { first, second, at }: { readonly first: number; readonly second: number; readonly at: string },
): Promise<void> {
  const machine = openMemoryMachine(snapshot)
  machine.beforeCall((next) => expectHeld(machine, scenario, `${at}, then before ${next}`))
  const own = machine.open()
  let calls = -1
  const ending = await endingOf(
    failing(own, () => (++calls === first || calls === second ? 'EIO' : undefined)),
    scenario,
  )
  machine.beforeCall(undefined)
  expectHeld(machine, scenario, at)
  expect(own.openDescriptors(), at).toBe(0)
  expectWorded(ending, at)
  own.kill()
  expect((await act(machine.open(), scenario)).outcome, `after ${at}`).toMatchObject(ended(scenario) as object)
  expectFinished(machine, scenario, `after ${at}`)
}
