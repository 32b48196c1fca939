import { expect, test } from 'vitest'
import { pinfoldStamped } from '../support/pinfold.ts'
import { type Desk, openDesk, resealed, swapSlots } from './desk.ts'

/** A desk with a generation to go back to, and another version of the manifest. */
async function edited(): Promise<Desk> {
  const desk = openDesk()
  desk.edit('pinfold.yaml', (text) => `${text}history: 1\n`)
  await desk.pinfold('apply', '--auto-approve')
  desk.edit('pinfold.yaml', swapSlots)
  return desk
}

// Time does not pass in memory while an apply waits, but for a part of a millisecond.
const soon = ['--confirm', '0.2ms']

test('a plan that is to be confirmed says so, in text, markdown and JSON, and where it is shown again', async () => {
  using desk = await edited()
  const says = 'To be confirmed: without pinfold confirm edge within 60 s it is taken back to generation 1.'
  const words = ['plan', '--confirm', '60s']
  const { code, printed } = await desk.pinfold(...words, '--out', 'plan.json')
  expect({ code, printed }).toEqual({ code: 2, printed: expect.stringContaining(says) })
  expect((await desk.pinfold('show', './plan.json')).printed).toContain(says)
  expect((await desk.pinfold(...words, '--format', 'markdown')).printed).toContain('within 60 s')
  expect(JSON.parse((await desk.pinfold(...words, '--json')).printed)).toMatchObject({ confirmWithin: 60_000 })
  const here = await pinfoldStamped(...words, '--json', '--kernel', 'memory', '--state', 'kernel.json')
  await desk.pinfold('snapshot', '--out', 'host.json')
  expect(await pinfoldStamped(...words, '--json', '--against', 'host.json')).toEqual(here)
})

test('its apply waits for the confirmation, and takes it back without one: exit code 6, and the plan is used', async () => {
  using desk = await edited()
  await desk.pinfold('plan', ...soon, '--out', 'plan.json')
  const { code, printed } = await desk.pinfold('apply', 'plan.json')
  expect(printed).toMatch(/Nobody confirmed it in time: generation 2 is taken back.\npinfold rollback · edge/)
  expect(code).toBe(6)
  expect((await desk.pinfold('show')).printed).toMatch(/^edge · generation 3 /)
  expect(await desk.pinfold('apply', 'plan.json')).toMatchObject({ code: 5, printed: expect.stringContaining('P312') })
})

test('with --json the plan that takes it back is printed, and not the saved one again', async () => {
  using desk = await edited()
  await desk.pinfold('plan', ...soon, '--out', 'plan.json')
  const { printed } = await desk.pinfold('apply', 'plan.json', '--json')
  const documents = printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const plans = documents.filter(({ type }) => type === 'plan')
  expect(plans.map(({ action }) => action)).toEqual(['apply', 'rollback'])
})

test('a first generation is taken back to nothing, and the plan cannot be used again', async () => {
  using desk = openDesk()
  const { printed } = await desk.pinfold('plan', ...soon, '--out', 'plan.json')
  expect(printed).toMatch(/To be confirmed: .* it is removed again\./)
  expect((await desk.pinfold('apply', 'plan.json')).code).toBe(6)
  expect([...desk.machine().inspect.pins().keys()]).toEqual(['/sys/fs/bpf/edge/used'])
  expect(await desk.pinfold('apply', 'plan.json')).toMatchObject({ code: 5, printed: expect.stringContaining('P312') })
})

test('without a generation to go back to it is refused; where nothing is to be done nothing is to be confirmed', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  await desk.pinfold('plan', '--confirm', '60s', '--out', 'plan.json')
  const { code, printed } = await desk.pinfold('apply', 'plan.json')
  expect({ code, confirmed: printed.includes('confirm') }).toEqual({ code: 0, confirmed: false })
  desk.edit('pinfold.yaml', (text) => `${swapSlots(text)}history: 0\n`)
  expect((await desk.pinfold('plan', '--confirm', '60s')).printed).toContain('error P404')
})

test('apply FILE --confirm is refused with the way to it', async () => {
  using desk = await edited()
  const refusal = async (): Promise<string> => {
    const { code, printed } = await desk.pinfold('apply', 'plan.json', '--confirm', '60s')
    expect({ code, printed }).toEqual({ code: 1, printed: expect.stringContaining('error C133') })
    return printed
  }
  await desk.pinfold('plan', '--out', 'plan.json')
  expect(await refusal()).toContain('hint: plan again with it: pinfold plan --confirm 60s --out plan.json ')
  await desk.pinfold('plan', '--confirm', '5m', '--out', 'plan.json')
  expect(await refusal()).toContain('hint: leave it out: this plan waits 300 s to be confirmed')
  await desk.pinfold('plan', '--destroy', '--out', 'plan.json')
  expect(await refusal()).toContain('hint: leave it out: a destroy is not confirmed')
})

test.each([['1h'], 0, -1, 86_400_001, Number.NaN, null])('a plan to be confirmed within %j is none', async (within) => {
  using desk = await edited()
  await desk.pinfold('plan', '--confirm', '60s', '--out', 'plan.json')
  resealed((plan) => ({ ...plan, confirmWithin: within as never }))(desk)
  expect(await desk.pinfold('apply', 'plan.json')).toMatchObject({ code: 1, printed: expect.stringContaining('C130') })
})

test.each([
  ['--destroy', 'C174'],
  ['--drift-only', 'C170'],
])('plan %s has nothing to confirm', async (option, says) => {
  using desk = await edited()
  const { code, printed } = await desk.pinfold('plan', option, '--confirm', '60s')
  expect({ code, printed }).toEqual({ code: 1, printed: expect.stringContaining(`error ${says}`) })
})
