import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { renderSnapshot } from '../../src/cli/views/snapshot.ts'
import { pinfoldStamped as pinfold } from './support/pinfold.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-snapshot-'))
afterAll(() => rmSync(directory, { recursive: true }))

const manifest = ['-f', 'examples/tail-calls/pinfold.yaml', '--var', 'IFACE=eth0']
const inMemory = ['--kernel', 'memory', '--state', join(directory, 'kernel.json')]
const host = join(directory, 'host.json')

test('a snapshot goes into a file that only its owner may read; plans are made from it', async () => {
  await pinfold('apply', '--auto-approve', ...manifest, ...inMemory)
  const { code, printed } = await pinfold('snapshot', ...inMemory, '--out', host)
  expect(code).toBe(0)
  expect(printed).toMatch(/^Written: .*host\.json, \d+ KB: 4 maps, 3 programs, 1 link of memory\.\n$/)
  expect(statSync(host).mode & 0o777).toBe(0o600)
  expect((await pinfold('snapshot', ...inMemory, '--out', host)).code).toBe(0)
  expect((await pinfold('snapshot', ...inMemory, '--out', join(directory, 'missing/host.json'))).printed).toContain(
    'C152',
  )
  expect(await pinfold('plan', '--json', ...manifest, '--against', host)).toEqual(
    await pinfold('plan', '--json', ...manifest, ...inMemory),
  )
  const { printed: document } = await pinfold('snapshot', ...inMemory)
  expect(JSON.parse(document)).toMatchObject({ type: 'snapshot', version: 1 })
})

test('what is no snapshot, was cut, changed or laid out by another version is refused, each in its own words', async () => {
  const text = readFileSync(host, 'utf8')
  const refused = async (name: string, content: string): Promise<string> => {
    const file = join(directory, name)
    writeFileSync(file, content)
    const { code, printed } = await pinfold('plan', ...manifest, '--against', file)
    expect(code).toBe(1)
    return printed.replaceAll(`${directory}/`, '')
  }
  expect(await refused('cut.json', text.slice(0, 900))).toBe(
    '! error C150: cannot read cut.json: it is no snapshot of a host, or was cut\n!   hint: make one on the host: pinfold snapshot --out host.json\n',
  )
  expect(await refused('changed.json', text.replace('"name":"flows"', '"name":"flaws"'))).toBe(
    '! error K115: cannot use changed.json: it was changed after it had been taken (restore: EINVAL)\n!   hint: take it again: pinfold snapshot\n',
  )
  expect(await refused('newer.json', text.replace('"version":1', '"version":2'))).toMatch(
    /^! error K116: cannot use newer\.json: it has layout 2 \(pinfold .+\), and this pinfold reads layout 1 \(restore: EINVAL\)\n/,
  )
  expect(await refused('other.json', '{}')).toMatch(
    /^! error K115: cannot use other\.json: it is no snapshot of a host/,
  )
  expect((await pinfold('plan', ...manifest, '--against', join(directory, 'none.json'))).printed).toContain('C150')
})

test('a plan from a snapshot opens no kernel', async () => {
  for (const option of [['--kernel', 'linux'], ['--state', host], ['--mount-bpffs']]) {
    const { code, printed } = await pinfold('plan', ...manifest, '--against', host, ...option)
    expect({ code, printed }).toEqual({ code: 1, printed: expect.stringContaining('error C151: cannot use --') })
  }
})

test('a snapshot says nothing of another bpffs', async () => {
  const { code, printed } = await pinfold('plan', ...manifest, '--against', host, '--bpffs', '/elsewhere')
  expect(printed).toMatch(
    /^! error C151: cannot use --bpffs \/elsewhere with --against: .+ is a snapshot of \/sys\/fs\/bpf\n/,
  )
  expect(code).toBe(1)
  expect((await pinfold('plan', ...manifest, '--against', host, '--bpffs', '/sys/fs/bpf/')).code).toBe(0)
})

test('a plan from a snapshot needs neither Linux nor the addon', () => {
  const elsewhere =
    'data:text/javascript,Object.defineProperty(process,"platform",{value:"darwin"});process.dlopen=()=>{throw new Error("no addon here")}'
  const run = (...words: readonly string[]) =>
    spawnSync(process.execPath, ['--import', elsewhere, 'dist/cli/pinfold.js', ...words], { encoding: 'utf8' })
  expect(run('plan', ...manifest, '--against', host)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('No changes.'),
    stderr: '',
  })
  expect(run('plan', ...manifest)).toMatchObject({ status: 1, stderr: expect.stringContaining('K038') })
})

test('what was written is said in one line', () => {
  const summary = { type: 'snapshot-taken', version: 1, file: 'a.json', host: 'web-1', bytes: 8_123_456 } as const
  expect(renderSnapshot({ ...summary, maps: 12_000, programs: 1, links: 0, btf: true })).toBe(
    "Written: a.json, 8 MB: 12,000 maps, 1 program, 0 links of web-1 and its kernel's types.\n",
  )
})
