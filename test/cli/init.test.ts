import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const root = join(import.meta.dirname, '../..')
const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.bpf.o'))
  .map((file) => join(root, 'examples', file))
const libxdp = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/bpf`).find(existsSync)
const installed = libxdp === undefined ? [] : readdirSync(libxdp).map((file) => join(libxdp, file))
const fixtures = [
  'maps',
  'data',
  'optional',
  'unsupported',
  'struct-ops',
  'without-btf',
  'undefined',
  'extensions',
].map((name) => join(root, `test/fixtures/${name}.bpf.o`))

describe('init', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'pinfold-init-'))
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  test.each([...examples, ...installed, ...fixtures].map((file) => [relative(root, file), file]))(
    '%s: what it writes is valid as it is, with its links, and with its variables and entries taken in',
    async (name, file) => {
      const manifest = join(directory, `${name.replaceAll(/[/.]/g, '-')}.yaml`)
      expect(await run('init', file, '--out', manifest)).toMatchObject({ code: 0 })
      expect(await run('validate', '-f', manifest)).toMatchObject({ code: 0 })

      const text = readFileSync(manifest, 'utf8')
      const linked = `${manifest}.linked.yaml`
      const { code } = await run('init', file, '--out', linked)
      expect(code).toBe(0)
      writeLinked(linked, text)
      expect(await run('validate', '-f', linked)).toMatchObject({ code: 0 })

      writeFileSync(linked, withContents(text))
      expect(await run('validate', '-f', linked)).toMatchObject({ code: 0, printed: expect.stringMatching(/^Valid/) })
    },
  )

  test('several objects make one stack; a function that two have is named after its object', async () => {
    const files = ['test/fixtures/data.bpf.o', 'examples/tail-calls/tail-calls.bpf.o'].map((file) => join(root, file))
    const copy = join(directory, 'other.bpf.o')
    copyFileSync(files[1] ?? '', copy)
    const { code, printed } = await run('init', ...files, copy, '--name', 'both')
    expect(code).toBe(0)
    expect(printed).toContain('name: both #')
    expect(printed).toContain('  tail-calls_ingress: { object: tail-calls, function: ingress } # SEC("xdp")\n')
    expect(printed).toContain('  other_ingress: { object: other, function: ingress } # SEC("xdp")\n')
    expect(printed.match(/^ {2}handlers:/gm)).toHaveLength(1)
  })

  test('objects that cannot stand in one manifest are told why, without a place in what is not written', async () => {
    const files = ['v1', 'v2'].map((name) => join(root, `examples/rolling-upgrade/${name}.bpf.o`))
    const { code, printed } = await run('init', ...files)
    expect(code).toBe(1)
    expect(printed).toContain('error M203')
    expect(printed).not.toContain('pinfold.yaml')
  })

  test('what the kernel would not take is commented out with the reason', async () => {
    const { printed } = await run('init', join(root, 'test/fixtures/unsupported.bpf.o'))
    expect(printed).toContain(
      '  # has_unknown_map: # SEC("tc"); it needs map from_the_future of type 99, which pinfold does not support yet\n',
    )
    expect(printed).toMatch(
      /^ {2}# has_no_type: # SEC\("[^"]+"\); .+: write `type:` under programs.has_no_type, for example/m,
    )
    expect(printed).toContain('  is_fine: # SEC("tc")\n')
  })

  test('nothing is overwritten (C180), and a directory is no file (C181)', async () => {
    const [object = ''] = examples
    const taken = join(directory, 'taken.yaml')
    expect(await run('init', object, '--out', taken)).toMatchObject({ code: 0 })
    const before = readFileSync(taken, 'utf8')
    const again = await run('init', object, '--out', taken, '--name', 'another')
    expect(again).toMatchObject({ code: 1, printed: expect.stringContaining('error C180') })
    expect(readFileSync(taken, 'utf8')).toBe(before)
    const nowhere = await run('init', object, '--out', join(directory, 'missing/pinfold.yaml'))
    expect(nowhere).toMatchObject({ code: 1, printed: expect.stringContaining('error C181') })
  })
})

async function run(...words: string[]): Promise<{ readonly code: number; readonly printed: string }> {
  const { terminal, printed } = fakeTerminal()
  return { code: await main(words, terminal), printed: printed() }
}

/** Takes the links in: an interface takes one XDP program, and a map that has to be chosen is the first one of the manifest. */
/** The text with what it says of variables and entries taken in, where it shows them. */
const withContents = (text: string): string =>
  text
    .replaceAll(/^ {4}# (globals:.*\n)((?: {4}# {3}.*\n)+)/gm, (_, key: string, rows: string) => {
      return `    ${key}${rows.replaceAll(/^ {4}# {3}/gm, '      ')}`
    })
    .replaceAll(/^ {4}# (entries: (?!\{ KEY).*)$/gm, '    $1')

function writeLinked(file: string, text: string): void {
  const [head = '', ...rest] = text.split(/(?=^links:$)/m)
  const [links = '', ...pins] = rest.join('').split(/(?=^# .*\npins:$)/m)
  const map = /^maps:\n(?: {2}#.*\n)* {2}([\w-]+):/m.exec(head)?.[1] ?? 'NAME'
  const taken = links.replaceAll(/^ {2}# /gm, '  ').replaceAll('map: NAME', `map: ${map}`)
  const interfaces = new Set<number>()
  const spread = taken.replaceAll('eth0', () => `eth${interfaces.add(interfaces.size).size}`)
  writeFileSync(file, head + spread + pins.join(''))
}
