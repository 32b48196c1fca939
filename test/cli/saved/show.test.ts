import { expect, test } from 'vitest'
import { openDesk, swapSlots } from './desk.ts'

const elsewhere = ['--kernel', 'linux']

test('a saved plan is shown as it was made, from anywhere and whatever came of it', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  desk.edit('pinfold.yaml', swapSlots)
  const { printed: planned } = await desk.pinfold('plan', '--diff', '--steps', '--out', 'plan.json')
  await desk.pinfold('apply', 'plan.json')
  await desk.pinfold('destroy', '--auto-approve')
  // No kernel is opened: this one could not be.
  const { code, printed } = await desk.pinfold('show', 'plan.json', '--steps', ...elsewhere, '--state', 'none')
  const { tool, time } = JSON.parse(desk.read('plan.json')).envelope
  const [plan] = planned.split('\nSaved as plan.json')
  expect(printed).toBe(`Saved plan, made ${time} by ${tool} from pinfold.yaml for memory.\n\n${plan}`)
  expect(code).toBe(0)
})

test('as JSON it is the document, as markdown the comment', async () => {
  using desk = openDesk()
  await desk.pinfold('plan', '--out', 'plan.json')
  expect((await desk.pinfold('show', './plan.json', '--json', ...elsewhere)).printed).toBe(desk.read('plan.json'))
  const { printed: comment } = await desk.pinfold('plan', '--format', 'markdown')
  expect((await desk.pinfold('show', 'plan.json', '--format', 'markdown')).printed).toBe(comment)
})

test('what has to be recovered before it is shown, too', async () => {
  using desk = openDesk()
  await desk.pinfold('apply', '--auto-approve')
  await desk.meddle((machine) => machine.open().bpffs.makeDirectory('/sys/fs/bpf/edge/next'))
  await desk.pinfold('plan', '--out', 'plan.json')
  expect((await desk.pinfold('show', 'plan.json')).printed).toContain(
    'An interrupted run was found:\n└─ next  no record',
  )
})

test('what is no plan, or was changed, is refused; so are options of plans for a stack', async () => {
  using desk = openDesk()
  await desk.pinfold('plan', '--out', 'plan.json')
  desk.edit('plan.json', (text) => text.replaceAll('handlers', 'handler5'))
  const answers = [
    await desk.pinfold('show', 'plan.json'),
    await desk.pinfold('show', 'none.json'),
    await desk.pinfold('show', '--steps'),
    await desk.pinfold('show', 'edge', '--format', 'markdown'),
  ]
  expect(answers.map(({ code }) => code)).toEqual([1, 1, 1, 1])
  expect(answers.map(({ printed }) => /error (C\d+)/.exec(printed)?.[1] ?? printed)).toEqual([
    'C131',
    'C130',
    'C136',
    'C136',
  ])
})
