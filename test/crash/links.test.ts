import { expect, test } from 'vitest'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { planFor, recoverOnly } from '../apply/runs.ts'
import { link, program, returning, stackOf } from '../apply/stack.ts'
import { act, beginning, countCalls, expectHeld } from './worlds.ts'

const traced = (name: string, onReplace: 'overlap' | 'gap', version: number) => [
  program(name, {
    load: { type: 'raw_tracepoint', flags: 0, license: 'GPL' },
    code: returning(version, ['flows']),
  }),
  link(name, { program: `program.${name}`, target: { kind: 'raw_tracepoint', name: 'sys_enter' }, onReplace }),
]

const stack = (version: number, ...hooks: readonly (readonly ['overlap' | 'gap', string])[]): DesiredState =>
  stackOf({
    verdicts: { v4: version },
    more: hooks.flatMap(([onReplace, name]) => traced(name, onReplace, version)),
  })

const inNativeMode = (version: number): DesiredState => {
  const desired = stack(version, ['gap', 'before'])
  const eth0 = link('eth0', { target: { kind: 'xdp', interface: 'lo', ifindex: 1, mode: 'native' } })
  return { ...desired, resources: new Map(desired.resources).set('link.eth0', eth0) }
}

test.each([
  { name: 'a gap', from: stack(0, ['gap', 'a']), to: stack(1, ['gap', 'a']) },
  { name: 'two gaps', from: stack(0, ['gap', 'a'], ['gap', 'b']), to: stack(1, ['gap', 'a'], ['gap', 'b']) },
  {
    name: 'an overlap and a gap',
    from: stack(0, ['overlap', 'a'], ['gap', 'b']),
    to: stack(1, ['overlap', 'a'], ['gap', 'b']),
  },
  {
    name: 'two overlaps',
    from: stack(0, ['overlap', 'a'], ['overlap', 'b']),
    to: stack(1, ['overlap', 'a'], ['overlap', 'b']),
  },
  { name: 'another XDP mode', from: stack(0, ['gap', 'before']), to: inNativeMode(1) },
])(
  'killed anywhere in $name, recovery alone brings back one whole generation, with every link once',
  async (scenario) => {
    const snapshot = await beginning(scenario)
    const calls = await countCalls(snapshot, scenario)
    const ends = new Set<string>()
    for (let fatal = 1; fatal <= calls; fatal++) {
      const machine = openMemoryMachine(snapshot)
      const killed = machine.open()
      let call = 0
      let at = ''
      machine.beforeCall((operation, target) => {
        if (++call !== fatal) return
        at = `killed at ${fatal}: ${operation} ${target}`
        killed.kill()
      })
      await act(killed, scenario).catch(() => undefined)
      machine.beforeCall(undefined)
      const kernel = machine.open()
      await recoverOnly(kernel, scenario.to)
      expectHeld(machine, scenario, at)
      const whole = [scenario.from, scenario.to].filter((state) => !hasChanges(planFor(kernel, state)))
      expect(whole.length, at).toBe(1)
      const links = [...scenario.to.resources.values()].filter(({ kind }) => kind === 'link')
      expect(machine.inspect.links().length, at).toBe(links.length)
      ends.add(whole[0] === scenario.from ? 'former' : 'new')
      kernel.close()
    }
    expect([...ends].sort()).toEqual(['former', 'new'])
  },
)

test('the recovery of a gap that is killed, too, is finished by the next one', async () => {
  const scenario = {
    name: 'two gaps',
    from: stack(0, ['gap', 'a'], ['gap', 'b']),
    to: stack(1, ['gap', 'a'], ['gap', 'b']),
  }
  const snapshot = await beginning(scenario)
  const calls = await countCalls(snapshot, scenario)
  for (let first = 20; first <= calls; first += 9) {
    for (let second = 1; second < 40; second++) {
      const machine = openMemoryMachine(snapshot)
      for (const [again, fatal] of [first, second].entries()) {
        const kernel = machine.open()
        let call = 0
        machine.beforeCall(() => void (++call === fatal && kernel.kill()))
        await (again ? recoverOnly(kernel, scenario.to) : act(kernel, scenario)).catch(() => undefined)
        machine.beforeCall(undefined)
        kernel.kill()
      }
      const kernel = machine.open()
      await recoverOnly(kernel, scenario.to)
      const whole = [scenario.from, scenario.to].filter((state) => !hasChanges(planFor(kernel, state)))
      expect(whole.length, `killed at ${first}, and at ${second} of the recovery`).toBe(1)
    }
  }
})
