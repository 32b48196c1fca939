import { mkdirSync, readdirSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ownView } from '../../crash/worlds.ts'
import { openDesk, swapSlots } from './desk.ts'

test('a plan is saved as it is printed with --json, for its user alone, and applied without a question', async () => {
  using desk = openDesk()
  const { code, printed } = await desk.pinfold('plan', '--out', 'plan.json', '--json')
  expect(code).toBe(2)
  expect(desk.read('plan.json')).toBe(printed)
  expect(statSync('plan.json').mode & 0o777).toBe(0o600)
  const applied = await desk.pinfold('apply', 'plan.json')
  expect(applied.printed).toContain('Applied edge, generation 1')
  expect(applied.code).toBe(0)
  expect((await desk.pinfold('plan')).code).toBe(0)
})

test('it is shown as usual, and then where it was saved', async () => {
  using desk = openDesk()
  const { printed: usual } = await desk.pinfold('plan')
  const { printed } = await desk.pinfold('plan', '--out', 'plan.json')
  expect(printed).toBe(`${usual}\nSaved as plan.json: pinfold apply plan.json does exactly that, once.\n`)
})

test('another plan takes its place as a whole; nothing else does, and nothing is left where it cannot be written', async () => {
  using desk = openDesk()
  await desk.pinfold('plan', '--out', 'plan.json')
  const first = desk.read('plan.json')
  await desk.pinfold('plan', '--out', 'plan.json')
  expect(desk.read('plan.json')).not.toBe(first)
  mkdirSync('directory')
  symlinkSync('plan.json', 'link')
  for (const file of ['directory', 'link', '/dev/null', 'none/plan.json']) {
    const { code, printed } = await desk.pinfold('plan', '--out', file)
    expect(printed).toContain(`error C134: cannot save the plan as ${file}: `)
    expect(code).toBe(1)
  }
  expect(readdirSync('.').sort()).toEqual(
    ['directory', 'kernel.json', 'link', 'pinfold.yaml', 'plan.json', 'tail-calls.bpf.o'].sort(),
  )
})

test('a plan without changes is saved, too, and its apply does nothing', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  expect((await desk.pinfold('plan', '--out', 'plan.json')).code).toBe(0)
  const before = ownView(desk.machine())
  const { code, printed } = await desk.pinfold('apply', 'plan.json')
  expect(printed).toContain('No changes.')
  expect(code).toBe(0)
  expect(ownView(desk.machine())).toEqual(before)
})

test('a blocked plan is saved, but not applied', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  desk.edit('pinfold.yaml', (text) => text.replace('maps:\n', 'maps:\n  flows: { maxEntries: 7 }\n'))
  expect((await desk.pinfold('plan', '--out', 'plan.json')).code).toBe(4)
  const { code, printed } = await desk.pinfold('apply', 'plan.json')
  expect(printed).toContain('error P102')
  expect(printed).toContain('! Nothing was changed: the plan above cannot be applied as it is.\n')
  expect(code).toBe(4)
})

test('it keeps the variables, and --adopt', async () => {
  using desk = openDesk()
  const environment = 'IFACE=eth7'
  await desk.pinfold('plan', '--out', 'plan.json', '--var', environment, '--adopt')
  expect((await desk.pinfold('apply', 'plan.json')).code).toBe(0)
  expect((await desk.pinfold('show')).printed).toContain('eth7')
})

test('the manifest and its objects may have moved, where -f says so', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  desk.edit('pinfold.yaml', swapSlots)
  await desk.pinfold('plan', '--out', 'plan.json')
  mkdirSync('build')
  for (const file of ['pinfold.yaml', 'tail-calls.bpf.o']) renameSync(file, `build/${file}`)
  expect((await desk.pinfold('apply', 'plan.json', '-f', 'build/pinfold.yaml')).code).toBe(0)
})

test('how much a map holds may change between plan and apply', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  desk.edit('pinfold.yaml', swapSlots)
  await desk.pinfold('plan', '--out', 'plan.json')
  await desk.meddle((machine) => {
    const kernel = machine.open()
    using map = kernel.openPin('/sys/fs/bpf/edge/live/maps/flows')
    kernel.update(map as never, new Uint8Array(4), new Uint8Array(16))
  })
  const { code, printed } = await desk.pinfold('apply', 'plan.json', '--json')
  expect(code).toBe(0)
  const [plan, ...events] = printed.trimEnd().split('\n')
  expect(`${plan}\n`).toBe(desk.read('plan.json'))
  expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ type: 'finished', outcome: { result: 'done' } })
})

test('what is different from the saved plan is named', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  desk.edit('pinfold.yaml', swapSlots)
  await desk.pinfold('plan', '--out', 'plan.json')
  await desk.meddle((machine) => machine.open().bpffs.unpin('/sys/fs/bpf/edge/live/maps/flows'))
  const { code, printed } = await desk.pinfold('apply', 'plan.json')
  expect(printed).toMatch(/error P301: cannot apply plan.json: live\/maps\/flows was map #\d+ and is gone/)
  expect(code).toBe(5)
})
