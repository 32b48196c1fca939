import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planKey } from '../../src/cli/fleet/plan-key.ts'
import { painter } from '../../src/cli/terminal.ts'
import { renderClassHead } from '../../src/cli/views/fleet.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { pinfoldStamped as pinfold } from './support/pinfold.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-fleet-'))
afterAll(() => rmSync(directory, { recursive: true }))

const old = ['-f', 'examples/rolling-upgrade/v1.yaml']
const manifest = ['-f', 'examples/rolling-upgrade/v2.yaml']

/** Two hosts that differ by their ids, one without the stack, one without the interface, one where nothing is to be done. */
beforeAll(async () => {
  await host('web-1', [old])
  await host('web-2', [['-f', 'examples/tail-calls/pinfold.yaml', '--var', 'IFACE=eth1'], old])
  await host('new-1', [])
  await host('bare-1', [], { interface: [] })
  await host('done-1', [manifest])
  await host('done-2', [manifest])
})

describe('plans against several snapshots', () => {
  test('are one for each class of hosts, the largest first; the exit code is the worst', async () => {
    const { code, printed } = await plan('web-1', 'new-1', 'web-2')
    expect(code).toBe(2)
    expect(printed.split('\n').filter((line) => /^(\[|pinfold plan|Plan:)/.test(line))).toEqual([
      '[1/2] 2 hosts: web-1, web-2',
      expect.stringContaining('generation 1 -> 2'),
      expect.stringMatching(/^Plan: /),
      '[2/2] 1 host: new-1',
      expect.stringContaining('generation 0 -> 1'),
      expect.stringMatching(/^Plan: /),
    ])
    expect((await plan('done-1', 'done-2')).code).toBe(0)
    expect((await plan('done-1', 'web-1')).code).toBe(2)
  })

  test('say what one plan says, in each view', async () => {
    const alone = (await plan('web-1')).printed
    expect((await plan('web-1', 'web-2')).printed).toBe(`[1/1] 2 hosts: web-1, web-2\n${alone}`)
    const document = JSON.parse((await planWith(['--json'], 'web-1')).printed)
    expect(JSON.parse((await planWith(['--json'], 'web-1', 'web-2', 'done-1')).printed)).toEqual({
      type: 'plans',
      version: 1,
      classes: [
        {
          hosts: ['web-1', 'web-2'].map((name) => ({ name, id: `id of ${name}`, file: fileOf(name) })),
          exitCode: 2,
          plan: document,
        },
        { hosts: [expect.objectContaining({ name: 'done-1' })], exitCode: 0, plan: expect.anything() },
      ],
      exitCode: 2,
    })
    const { printed: markdown } = await planWith(['--format', 'markdown'], 'web-1', 'new-1')
    const { printed: first } = await planWith(['--format', 'markdown'], 'web-1')
    expect(markdown).toContain(`**1 host: web-1**\n\n${first}`)
    expect(markdown).toContain('**1 host: new-1**\n\n**pinfold plan')
  })

  test('go on where there is none for a host, and say why', async () => {
    const { code, printed } = await plan('web-1', 'bare-1')
    expect(code).toBe(1)
    expect(printed).toMatch(/\[1\/2\] 1 host: web-1\npinfold plan [\s\S]+\[2\/2\] 1 host: bare-1\n.*error M232 /)
    const { printed: json } = await planWith(['--json'], 'web-1', 'bare-1')
    expect(JSON.parse(json).classes[1]).toMatchObject({ exitCode: 1, error: { type: 'error', code: 'M232' } })
    expect((await planWith(['--format', 'markdown'], 'web-1', 'bare-1')).printed).toContain('**pinfold plan failed**')
  })

  test('tell drift apart, too', async () => {
    const place = ['web-1', 'web-2'].flatMap((name) => ['--against', fileOf(name)])
    expect(await pinfold('plan', 'rolling', '--drift-only', ...place)).toEqual({
      code: 0,
      printed: expect.stringMatching(/^\[1\/1\] 2 hosts: web-1, web-2\npinfold drift · rolling · /),
    })
    const { printed } = await pinfold('plan', 'rolling', '--drift-only', '--json', ...place)
    expect(JSON.parse(printed).classes).toMatchObject([{ hosts: [{}, {}], plan: { type: 'drift', drift: [] } }])
  })

  test('cannot be saved as one', async () => {
    const { code, printed } = await planWith(['--out', join(directory, 'plan.json')], 'web-1', 'web-2')
    expect({ code, printed }).toEqual({ code: 1, printed: expect.stringContaining('error C153: cannot save one plan') })
  })
})

describe('what the same plan is', () => {
  test.each([
    [{ envelope: { host: { name: 'a' }, time: 1 } }, { envelope: { host: { name: 'b' }, time: 2 } }],
    [{ existing: { 'live:map.a': 7 } }, { existing: { 'live:map.a': 8 } }],
    [{ steps: [{ programs: [7, 9], members: [] }] }, { steps: [{ programs: [8, 9], members: [] }] }],
    [
      { attach: { kind: 'xdp', interface: 'eth0', ifindex: 2 } },
      { attach: { kind: 'xdp', interface: 'eth0', ifindex: 3 } },
    ],
    [{ detail: 'used by link #7 (xdp eth0)' }, { detail: 'used by link #89 (xdp eth0)' }],
    [
      { entries: 7, detail: '1,204 entries go' },
      { entries: 9000, detail: '9 entries go' },
    ],
  ])('%j is %j', (one, other) => expect(planKey(one)).toBe(planKey(other)))

  test.each([
    [{ entries: 0 }, { entries: 1 }],
    [{ kernel: { release: '6.1' } }, { kernel: { release: '6.18' } }],
    [{ programs: [7] }, { programs: [7, 8] }],
    [{ generation: { from: 1, to: 2 } }, { generation: { from: 2, to: 3 } }],
    [{ detail: 'no entries go' }, { detail: '7 entries go' }],
    [{ because: [{ attribute: 'maxEntries', before: 1024 }] }, { because: [{ attribute: 'maxEntries', before: 512 }] }],
  ])('%j is not %j', (one, other) => expect(planKey(one)).not.toBe(planKey(other)))
})

test('of many hosts some are named', () => {
  const all = Array.from({ length: 40 }, (_, i) => ({
    file: '',
    host: { name: `web-${i}`, id: '' },
    exitCode: 0 as const,
  }))
  const [first] = all
  if (!first) throw new Error('no host')
  expect(renderClassHead({ first, all }, { index: 0, of: 1, paint: painter(false) })).toBe(
    `[1/1] 40 hosts: ${all
      .slice(0, 12)
      .map(({ host: { name } }) => name)
      .join(', ')}, and 28 more`,
  )
})

const fileOf = (name: string): string => join(directory, `${name}.json`)

/** A machine in memory on which these were applied, and its snapshot. */
async function host(name: string, applied: readonly (readonly string[])[], exist: object = {}): Promise<void> {
  const state = join(directory, `${name}.state.json`)
  const kernel = ['--kernel', 'memory', '--state', state]
  for (const words of applied) expect((await pinfold('apply', '--auto-approve', ...words, ...kernel)).code).toBe(0)
  if (applied.length === 0) writeFileSync(state, JSON.stringify(openMemoryMachine().snapshot()))
  const world = JSON.parse(readFileSync(state, 'utf8'))
  const options = { ...world.options, exist, host: { name, id: `id of ${name}` }, bootId: `boot of ${name}` }
  const isThere = applied.length > 0 || 'interface' in exist
  const names = { ...world.names, interface: [...(isThere ? world.names.interface : [['eth0', 7]])] }
  writeFileSync(state, JSON.stringify({ ...world, options, names }))
  expect((await pinfold('snapshot', ...kernel, '--out', fileOf(name))).code).toBe(0)
}

const plan = (...names: readonly string[]) => planWith([], ...names)

const planWith = (options: readonly string[], ...names: readonly string[]) =>
  pinfold('plan', ...manifest, ...options, ...names.flatMap((name) => ['--against', fileOf(name)]))
