import { describe, expect, test } from 'vitest'
import type { PlanDocument } from '../../../src/cli/views/plan-document.ts'
import { ownView } from '../../crash/worlds.ts'
import { pinfoldStamped } from '../support/pinfold.ts'
import { type Desk, openDesk, resealed, swapSlots } from './desk.ts'

const used = '/sys/fs/bpf/edge/used'
const live = '/sys/fs/bpf/edge/live'
const pinsOf = (desk: Desk): string[] => [...desk.machine().inspect.pins().keys()]
const planOf = (desk: Desk): PlanDocument => JSON.parse(desk.read('plan.json'))

/** A desk with a stack of two generations, the former one kept. */
async function twice(): Promise<Desk> {
  const desk = openDesk()
  desk.edit('pinfold.yaml', (text) => `${text}history: 1\n`)
  await desk.pinfold('apply', '--auto-approve')
  desk.edit('pinfold.yaml', swapSlots)
  await desk.pinfold('apply', '--auto-approve')
  return desk
}

describe('a plan to destroy', () => {
  test('says what destroy would do, and changes nothing; applied, it does that', async () => {
    using desk = await twice()
    const before = ownView(desk.machine())
    const planned = await desk.pinfold('plan', 'edge', '--destroy', '--out', 'plan.json')
    expect(planned.code).toBe(2)
    expect(planned.printed).toMatch(/^pinfold destroy · edge · .* generation 2 -> 0\n/)
    expect(planned.printed).toContain('Saved as plan.json: pinfold apply plan.json does exactly that, once.\n')
    expect(ownView(desk.machine())).toEqual(before)
    const applied = await desk.pinfold('apply', 'plan.json')
    expect(applied.printed).toContain('Destroyed edge: ')
    expect({ code: applied.code, pins: pinsOf(desk) }).toEqual({ code: 0, pins: [] })
    expect(desk.machine().open().bpffs.stat('/sys/fs/bpf/edge')).toBeUndefined()
  })

  test('is the plan of destroy, and from a snapshot the same to the byte', async () => {
    using desk = await twice()
    const state = ['--kernel', 'memory', '--state', 'kernel.json']
    const words = ['plan', '--destroy', '--json']
    const here = await pinfoldStamped(...words, ...state)
    await desk.pinfold('snapshot', '--out', 'host.json')
    expect(await pinfoldStamped(...words, '--against', 'host.json')).toEqual(here)
    const { exitCode: _, envelope: __, ...planned } = JSON.parse(here.printed)
    const { printed } = await pinfoldStamped('destroy', '--json', ...state)
    expect(JSON.parse(printed.split('\n')[0] ?? '')).toMatchObject(planned)
  })

  test('says what is lost as an apply does, and holds however much that is by then', async () => {
    using desk = openDesk()
    await desk.pinfold('apply', '--auto-approve')
    const fill = (key: number): Promise<void> =>
      desk.meddle((machine) => {
        const kernel = machine.open()
        using flows = kernel.openPin(`${live}/maps/flows`)
        kernel.update(flows as never, new Uint8Array(4).fill(key), new Uint8Array(16))
      })
    expect((await desk.pinfold('plan', '--destroy')).printed).toContain(
      'map.flows is deleted: it is empty now; what is written into it before that will be lost.',
    )
    await fill(1)
    await fill(2)
    const { printed } = await desk.pinfold('plan', '--destroy', '--out', 'plan.json')
    const says = 'warning P103 Map replaced or deleted, entries lost: map.flows is deleted: its 2 entries will be lost.'
    expect(printed).toContain(says)
    expect((await desk.pinfold('destroy')).printed).toContain(says)
    // Without the program that uses them an apply removes the same maps.
    desk.edit('pinfold.yaml', () => 'version: 1\nname: edge\n')
    expect((await desk.pinfold('plan')).printed).toContain(says)
    const here = await pinfoldStamped(
      'plan',
      'edge',
      '--destroy',
      '--json',
      '--kernel',
      'memory',
      '--state',
      'kernel.json',
    )
    await desk.pinfold('snapshot', '--out', 'host.json')
    expect(await pinfoldStamped('plan', 'edge', '--destroy', '--json', '--against', 'host.json')).toEqual(here)
    await fill(3)
    expect(await desk.pinfold('apply', 'plan.json')).toMatchObject({ code: 0 })
    expect(pinsOf(desk)).toEqual([])
  })

  test('is good for one use, with and without other used plans, and not for the stack made anew', async () => {
    using desk = openDesk()
    for (const first of [[], ['plan.json']]) {
      await desk.pinfold('plan', '--out', 'plan.json')
      expect((await desk.pinfold('apply', ...(first.length > 0 ? first : ['--auto-approve']))).code).toBe(0)
      await desk.pinfold('plan', '--destroy', '--out', 'destroy.json')
      expect((await desk.pinfold('apply', 'destroy.json')).code).toBe(0)
      expect(pinsOf(desk)).toEqual(first.length > 0 ? [used] : [])
      expect((await desk.pinfold('apply', 'destroy.json')).code).toBe(5)
      await desk.pinfold('apply', '--auto-approve')
      const before = ownView(desk.machine())
      const again = await desk.pinfold('apply', 'destroy.json')
      expect(again.printed).toMatch(/error P3(01|12): cannot apply destroy.json: /)
      expect({ code: again.code, view: ownView(desk.machine()) }).toEqual({ code: 5, view: before })
      await desk.pinfold('destroy', '--purge', '--auto-approve')
    }
  })

  test('with --purge forgets what was used until then, and not what was used since', async () => {
    using desk = openDesk()
    await desk.pinfold('plan', '--out', 'plan.json')
    await desk.pinfold('apply', 'plan.json')
    await desk.pinfold('plan', '--destroy', '--purge', '--out', 'destroy.json')
    expect((await desk.pinfold('apply', 'destroy.json')).code).toBe(0)
    expect(pinsOf(desk)).toEqual([])
    // Only the knowledge of used plans is there: it is another one than at the time of the second plan.
    await desk.pinfold('apply', 'plan.json')
    await desk.pinfold('destroy', '--auto-approve')
    await desk.pinfold('plan', '--destroy', '--purge', '--out', 'forget.json')
    await desk.pinfold('destroy', '--purge', '--auto-approve')
    await desk.pinfold('apply', 'plan.json')
    await desk.pinfold('destroy', '--auto-approve')
    const { code, printed } = await desk.pinfold('apply', 'forget.json')
    expect(printed).toContain('error P301: cannot apply forget.json: used was map #')
    expect({ code, pins: pinsOf(desk) }).toEqual({ code: 5, pins: [used] })
  })

  test('keeps what a destroy keeps, once', async () => {
    using desk = openDesk()
    desk.edit('pinfold.yaml', (text) => text.replace('maps:\n', 'maps:\n  flows: { onDestroy: keep }\n'))
    await desk.pinfold('apply', '--auto-approve')
    const { printed } = await desk.pinfold('plan', '--destroy', '--out', 'plan.json')
    expect(printed.match(/P103.*(?=:)/g)).toEqual(['P103 Map replaced or deleted, entries lost: map.stages is deleted'])
    expect((await desk.pinfold('apply', 'plan.json')).printed).toContain('Destroyed edge, but for what is kept')
    const pins = pinsOf(desk)
    expect(pins).toContain('/sys/fs/bpf/edge/live/maps/flows')
    expect((await desk.pinfold('apply', 'plan.json')).printed).toContain('error P312')
    expect((await desk.pinfold('plan', '--destroy')).code).toBe(0)
    expect(pinsOf(desk)).toEqual(pins)
  })

  test('of a protected stack is blocked, and of none there is nothing to do', async () => {
    using desk = openDesk()
    expect((await desk.pinfold('plan', '--destroy', '--out', 'plan.json')).code).toBe(0)
    expect(await desk.pinfold('apply', 'plan.json')).toMatchObject({ code: 0 })
    expect((await desk.pinfold('plan', 'edge', '--destroy')).printed).toContain('error C111')
    desk.edit('pinfold.yaml', (text) => `${text}protect: true\n`)
    await desk.pinfold('apply', '--auto-approve')
    expect((await desk.pinfold('plan', '--destroy', '--out', 'plan.json')).code).toBe(4)
    const { code, printed } = await desk.pinfold('apply', 'plan.json')
    expect(printed).toContain('error P140')
    expect(code).toBe(4)
  })
})

describe('a plan to roll back', () => {
  test.each(['latest', '1'])('to generation %s does what rollback would do, once', async (generation) => {
    using desk = await twice()
    const planned = await desk.pinfold('plan', '--rollback', generation, '--out', 'plan.json')
    expect(planned.code).toBe(2)
    expect(planned.printed).toMatch(/^pinfold rollback · edge · .* generation 2 -> 3\n/)
    expect((await desk.pinfold('apply', 'plan.json')).printed).toContain('Rolled back edge, generation 3')
    expect((await desk.pinfold('apply', 'plan.json')).printed).toContain('error P312')
    desk.edit('pinfold.yaml', swapSlots)
    expect((await desk.pinfold('plan')).code).toBe(0)
  })

  test('is the same from a snapshot', async () => {
    using desk = await twice()
    const words = ['plan', '--rollback', 'latest', '--json', '--diff']
    const here = await pinfoldStamped(...words, '--kernel', 'memory', '--state', 'kernel.json')
    await desk.pinfold('snapshot', '--out', 'host.json')
    expect(await pinfoldStamped(...words, '--against', 'host.json')).toEqual(here)
    expect(here.code).toBe(2)
  })

  test('to what is not kept is refused, also where it went meanwhile', async () => {
    using desk = await twice()
    expect((await desk.pinfold('plan', '--rollback', '7')).printed).toContain('error P401')
    expect((await desk.pinfold('plan', '--rollback', 'x')).printed).toContain('error C114')
    await desk.pinfold('plan', '--rollback', 'latest', '--out', 'plan.json')
    await desk.meddle((machine) => machine.open().bpffs.unpin('/sys/fs/bpf/edge/gen-1/programs/ingress'))
    const { code, printed } = await desk.pinfold('apply', 'plan.json')
    expect(printed).toMatch(/error P3(01|20): cannot apply plan.json: /)
    expect(code).toBe(5)
  })
})

describe.each([['--destroy'], ['--rollback', 'latest']])('a saved plan (%s)', (...words) => {
  const killed = ({ meddle }: Desk): Promise<void> =>
    meddle((machine) => machine.open().bpffs.makeDirectory('/sys/fs/bpf/edge/next'))

  test.each<[name: string, meanwhile: (desk: Desk) => unknown, words: readonly string[], says: string, code: number]>([
    ['edited', ({ edit }) => edit('plan.json', (text) => text.replace('"unpin"', '"pin"')), [], 'error C131', 1],
    ['cut', ({ edit }) => edit('plan.json', (text) => text.slice(0, 900)), [], 'error C130', 1],
    ['with options of a manifest', () => undefined, ['-f', 'pinfold.yaml'], 'error C133', 1],
    ['for another bpffs', () => undefined, ['--bpffs', '/mnt/bpf'], 'error P315', 5],
    [
      'of another host',
      ({ edit }) =>
        edit('kernel.json', (text) => {
          const { options, ...state } = JSON.parse(text)
          return JSON.stringify({ ...state, options: { ...options, host: { name: 'x', id: 'f'.repeat(64) } } })
        }),
      [],
      'error P313',
      5,
    ],
    ['of another generation', ({ pinfold }) => pinfold('rollback', '--auto-approve'), [], 'error P316', 5],
    ['of a stack that is gone', ({ pinfold }) => pinfold('destroy', '--auto-approve'), [], 'error P316', 5],
    ['beside an interrupted run', killed, [], 'error P320', 5],
    ['without its last step', resealed((plan) => ({ ...plan, steps: plan.steps.slice(0, -1) })), [], 'error P321', 5],
    ['for a path', resealed((plan) => ({ ...plan, stack: '../edge' })), [], 'error C115', 1],
  ])('%s is refused, and nothing is changed', async (_, meanwhile, more, says, code) => {
    using desk = await twice()
    expect((await desk.pinfold('plan', ...words, '--out', 'plan.json')).code).toBe(2)
    await meanwhile(desk)
    const before = ownView(desk.machine())
    const answer = await desk.pinfold('apply', 'plan.json', ...more)
    expect(answer.printed).toContain(says)
    expect(answer.code).toBe(code)
    expect(ownView(desk.machine())).toEqual(before)
  })

  test('comes from no manifest, and is shown like any other', async () => {
    using desk = await twice()
    await desk.pinfold('plan', ...words, '--out', 'plan.json')
    expect(planOf(desk).envelope).not.toHaveProperty('manifest')
    const { code, printed } = await desk.pinfold('show', './plan.json')
    expect({ code, printed }).toEqual({ code: 0, printed: expect.stringMatching(/^Saved plan, made /) })
    expect((await desk.pinfold('plan', ...words, '--format', 'markdown')).printed).toContain('edge')
  })
})

test.each([
  [['--destroy', '--rollback', 'latest'], '--rollback'],
  [['--destroy', '--drift-only'], '--drift-only'],
  [['--destroy', '--deny', 'all'], '--deny'],
  [['--destroy', '--diff'], '--diff'],
  [['--rollback', '1', '--btf', 'x'], '--btf'],
  [['--rollback', '1', '--adopt'], '--adopt'],
  [['--rollback', '1', '--purge'], '--purge'],
  [['--purge'], '--purge'],
])('plan %j is refused: %s is not for that', async (words, option) => {
  using desk = openDesk()
  const { code, printed } = await desk.pinfold('plan', ...words)
  expect(printed).toContain(`error C174: cannot use ${option} for `)
  expect(code).toBe(1)
})
