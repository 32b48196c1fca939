import { expect, test } from 'vitest'
import { type Desk, openDesk, swapSlots } from './desk.ts'

const used = '/sys/fs/bpf/edge/used'

test('a plan is used once, also where it changed something only once', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  desk.edit('pinfold.yaml', swapSlots)
  await desk.pinfold('plan', '--out', 'plan.json')
  expect((await desk.pinfold('apply', 'plan.json')).code).toBe(0)
  const { code, printed } = await desk.pinfold('apply', 'plan.json')
  expect(printed).toContain('error P312: cannot apply plan.json: it was used already')
  expect(code).toBe(5)
  expect((await desk.pinfold('plan')).code).toBe(0)
})

test('the very first plan, too, also after a destroy, until that is forgotten', async () => {
  using desk = openDesk()
  await desk.pinfold('plan', '--out', 'plan.json')
  expect((await desk.pinfold('apply', 'plan.json')).code).toBe(0)
  const destroyed = await desk.pinfold('destroy', '--auto-approve')
  expect(destroyed.printed).toContain(
    `Which saved plans were used stays known in ${used}; pinfold destroy edge --purge forgets it.\n`,
  )
  expect(destroyed.code).toBe(0)
  expect(pinsOf(desk)).toEqual([used])
  expect((await desk.pinfold('apply', 'plan.json')).printed).toContain('error P312')
  expect(pinsOf(desk)).toEqual([used])

  expect((await desk.pinfold('destroy', 'edge', '--purge', '--auto-approve')).code).toBe(0)
  expect(pinsOf(desk)).toEqual([])
  expect((await desk.pinfold('destroy', 'edge')).printed).toContain('error C111')
  expect((await desk.pinfold('apply', 'plan.json')).code).toBe(0)
})

test('--purge forgets with the stack, too; without saved plans nothing is left to forget', async () => {
  using desk = openDesk()
  await desk.pinfold('plan', '--out', 'plan.json')
  await desk.pinfold('apply', 'plan.json')
  expect((await desk.pinfold('destroy', '--purge', '--auto-approve')).code).toBe(0)
  expect(pinsOf(desk)).toEqual([])
  await desk.pinfold('apply', '--auto-approve')
  const { printed } = await desk.pinfold('destroy', '--auto-approve')
  expect(printed).not.toContain('--purge')
  expect(desk.machine().open().bpffs.stat('/sys/fs/bpf/edge')).toBeUndefined()
})

test('what is left of a destroyed stack is no stack, nothing to recover and nothing foreign', async () => {
  using desk = openDesk()
  await desk.pinfold('plan', '--out', 'plan.json')
  await desk.pinfold('apply', 'plan.json')
  const whole = await desk.pinfold('show', 'edge')
  expect(whole.printed).not.toMatch(/used|not made by pinfold/)
  expect((await desk.pinfold('doctor')).code).toBe(0)
  await desk.pinfold('destroy', '--auto-approve')

  expect((await desk.pinfold('show')).printed).toBe('No stacks on /sys/fs/bpf.\n')
  expect((await desk.pinfold('show', 'edge')).printed).toContain('error C111')
  expect((await desk.pinfold('doctor')).code).toBe(0)
  expect((await desk.pinfold('recover')).printed).toBe('Nothing to recover: edge is whole.\n')
  const again = await desk.pinfold('destroy', 'edge', '--auto-approve')
  expect(again.printed).toContain('No changes.')
  expect(again.code).toBe(0)
  expect((await desk.pinfold('apply', '--auto-approve')).code).toBe(0)
})

test('something else of that name is foreign, and no plan is used beside it', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  await desk.meddle((machine) => {
    const kernel = machine.open()
    using map = kernel.openPin('/sys/fs/bpf/edge/live/maps/flows')
    kernel.pin(map, used)
  })
  expect((await desk.pinfold('show', 'edge')).printed).toContain('not made by pinfold\n')
  desk.edit('pinfold.yaml', swapSlots)
  await desk.pinfold('plan', '--out', 'plan.json')
  const before = pinsOf(desk)
  const { code, printed } = await desk.pinfold('apply', 'plan.json')
  expect(printed).toContain('error K017')
  expect(code).toBe(1)
  expect(pinsOf(desk)).toEqual(before)
})

test('a rollback by hand does not make a used plan usable', async () => {
  using desk = openDesk()
  desk.edit('pinfold.yaml', (text) => `${text}history: 1\n`)
  await desk.pinfold('apply', '--auto-approve')
  desk.edit('pinfold.yaml', swapSlots)
  await desk.pinfold('plan', '--out', 'plan.json')
  await desk.pinfold('apply', 'plan.json')
  expect((await desk.pinfold('rollback', '--auto-approve')).code).toBe(0)
  expect((await desk.pinfold('apply', 'plan.json')).printed).toContain('error P312')
})

const pinsOf = (desk: Desk): string[] => [...desk.machine().inspect.pins().keys()]
