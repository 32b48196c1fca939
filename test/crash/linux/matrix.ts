import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Lab } from './lab.ts'
import type { Answer, Seen } from './observer.ts'
import type { LinuxScenario } from './scenarios.ts'
import { type Answers, answersOf, hooks, type Version } from './versions.ts'

/**
 * Kills a scenario's run at its system calls, one run each, and says how many kills there were. What a kill leaves has to be
 * whole, and the next run has to finish. `stride`: of so many calls one, and always those that switch and publish.
 */
export async function killEverywhere(lab: Lab, scenario: LinuxScenario, stride: number): Promise<number> {
  const { act, finish = act, exit = 0 } = scenario
  await clear(lab)
  await begin(lab, scenario)
  const calls = await lab.record(act, [exit])
  const end = await expectFinished(lab, scenario, `${scenario.name}, undisturbed`)
  let kills = 0
  for (const kill of pointsIn(calls, stride)) {
    const at = `${scenario.name}, killed ${kill} of ${calls.length}: ${calls[numberOf(kill) - 1]}`
    await begin(lab, scenario)
    const counted = scenario.counts && (await lab.counted())
    const { signal, code, output } = await lab.spawn(act, { kill })
    if (signal === 'SIGKILL') kills++
    // Where loads run in parallel the last calls may be a few less.
    else
      expect({ code, atTheEnd: numberOf(kill) > calls.length - 4 }, `${at}: ${output}`).toEqual({
        code: exit,
        atTheEnd: true,
      })
    await expectWhole(lab, scenario, at)
    const { code: second, output: said } = await lab.attempt(finish)
    // What had left the stack by then is not found in it any more.
    const left = finish.command === 'forget' && said.includes('error P172')
    expect(left ? [1] : [0, exit], `${at}, then ${finish.command}: ${said}`).toContain(second)
    // One packet for each slot since, which the kill left to the old or the new programs.
    if (counted !== undefined) expect(await lab.counted(), `${at}: packets counted`).toBe(counted + 4)
    expect(await expectFinished(lab, scenario, at), at).toEqual(end)
  }
  return kills
}

/** Brings the world to a scenario's beginning, whatever is there. */
export async function begin(lab: Lab, { from, crash, act }: LinuxScenario): Promise<void> {
  const [only] = from
  const isUpgradeBack = from.length === 1 && only?.history === undefined && !crash && act.command === 'apply'
  if (!isUpgradeBack) await clear(lab)
  for (const version of from) await lab.run({ command: 'apply', version }, [0, 7])
  if (!crash) return
  await lab.spawn(crash.act, { kill: `after:${crash.after}` })
  expect((await lab.plan(from[0] ?? {})).output, 'what the first crash left').toContain('interrupted')
}

/** The borrower of a map goes before its owner, and what was forgotten before what it uses. */
export async function clear(lab: Lab): Promise<void> {
  rmSync(join(lab.bpffs, 'theirs'), { recursive: true, force: true })
  for (const stack of ['other', 'echo']) await lab.run({ command: 'destroy', purge: true, version: { stack } })
}

/** Before the first call and after each: after one is before the next. */
function pointsIn(calls: readonly string[], stride: number): string[] {
  const decisive = /^(LINK_|renameat2|RAW_TRACEPOINT_OPEN|PROG_RUN)|\/links\//
  const chosen = calls.flatMap((call, index) => (index % stride === 0 || decisive.test(call) ? [index + 1] : []))
  return ['before:1', ...chosen.map((number) => `after:${number}`)]
}

const numberOf = (kill: string): number => Number(kill.slice(kill.indexOf(':') + 1))

/** Nothing was lost: arrays are held by pins and filled, and each hook answers wholly by one version. */
async function expectWhole(lab: Lab, scenario: LinuxScenario, at: string): Promise<void> {
  const seen = await lab.look()
  expectHeld(seen, at)
  const versions = statesOf(scenario)
  const found = await lab.answers()
  for (const hook of hooks)
    expect(
      versions.map((state) => answersIn(state)[hook]),
      `${at}: ${hook}`,
    ).toContainEqual(found[hook])
  const traced = await lab.traced(seen)
  if (traced) expect(traceable(scenario), `${at}: trace`).toContainEqual(traced)
}

function expectHeld({ pins, arrays }: Seen, at: string): void {
  const pinned = new Set(pins.filter(({ kind }) => kind === 'map').map(({ id }) => id))
  for (const { id } of arrays)
    expect(pinned.has(id), `${at}: array #${id}, which an attached program reaches, is held by a pin`).toBe(true)
}

/** All stacks as they may be: at the beginning, as the crash before that wanted them, and in the end. */
function statesOf(scenario: LinuxScenario): readonly (readonly Version[])[] {
  const { from, crash } = scenario
  const before = latest(from)
  const between = crash?.act.command === 'apply' ? [latest([...from, crash.act.version])] : []
  const torn = crash?.act.command === 'destroy' ? [[]] : []
  return [before, ...between, ...torn, endOf(scenario)]
}

const endOf = ({ from, act, to }: LinuxScenario): readonly Version[] =>
  to ?? latest(act.command === 'apply' ? [...from, act.version] : from)

/** The last version of each stack. */
const latest = (versions: readonly Version[]): readonly Version[] => [
  ...new Map(versions.map((version) => [version.stack ?? 'echo', version])).values(),
]

/** A hook that no stack is attached to is not answered by a program. */
function answersIn(state: readonly Version[]): Answers {
  const own = (hook: keyof Answers): readonly Answer[] =>
    answersOf(state.find((version) => (version.hooks ?? ['xdp']).includes(hook)) ?? { hooks: [] })[hook]
  return { xdp: own('xdp'), tcx: own('tcx'), other: own('other') }
}

/** Which versions may count an event: that of one state, all while they overlap, none in a gap. */
function traceable(scenario: LinuxScenario): readonly (readonly number[])[] {
  const states = statesOf(scenario)
  const hasGap = states.flat().some(({ onReplace }) => onReplace === 'gap')
  return [...states.map(tracedIn), hasGap ? [] : [...new Set(states.flatMap(tracedIn))].sort()]
}

const tracedIn = (state: readonly Version[]): readonly number[] =>
  state.flatMap(({ hooks: attached, defines }) => (attached?.includes('trace') ? [defines?.TRACE ?? 1] : []))

/** The end is reached and nothing is left to do; returns what is pinned, for comparison. */
async function expectFinished(lab: Lab, scenario: LinuxScenario, at: string): Promise<unknown> {
  const seen = await lab.look()
  expectHeld(seen, at)
  const end = endOf(scenario)
  expect(await lab.answers(), `${at}, finished`).toEqual(answersIn(end))
  const acted = scenario.finish ?? scenario.act
  const planned = acted.command === 'apply' ? await lab.plan(acted.version) : undefined
  if (planned) expect(planned, `${at}, finished`).toMatchObject({ code: 0 })
  const traced = await lab.traced(seen)
  if (traced) expect(traced, `${at}, finished`).toEqual(tracedIn(end))
  const nameless = (path: string): string => path.replace(/gen-\d+/, 'gen-N')
  return {
    pins: seen.pins.map(({ path }) => nameless(path)).sort(),
    directories: seen.directories.map(nameless).sort(),
  }
}
