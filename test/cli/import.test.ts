import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { openMemoryMachine } from '../../src/index.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

const root = join(import.meta.dirname, '../..')

describe('import, in memory', () => {
  let directory: string
  let before: string
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pinfold-import-'))
    before = process.cwd()
    process.chdir(directory)
    copyFileSync(join(root, 'examples/tail-calls/tail-calls.bpf.o'), 'edge.bpf.o')
    writeFileSync('first.yaml', first)
    expect(await run([], 'apply', '-f', 'first.yaml', '--auto-approve')).toMatchObject({ code: 0 })
    loseRecord()
  })
  afterEach(() => {
    process.chdir(before)
    rmSync(directory, { recursive: true })
  })

  test('it shows what was found and what it will do, asks, writes the manifest and makes nothing but names', async () => {
    const refused = await run(['no'], ...words)
    expect(refused.code).toBe(1)
    expect(refused.printed).toContain("Import these objects? Only 'yes' is accepted: no\nNothing was changed.\n")
    expect(existsSync('pinfold.yaml')).toBe(false)
    expect(await run([], 'show')).toMatchObject({ printed: expect.not.stringContaining('edge ·') })

    const { code, printed } = await run(['yes'], ...words)
    expect(printed.replace(/ in \d+ ms/, ' in N ms').replace(/#\d+/g, '#N')).toBe(whole)
    expect(code).toBe(0)
    expect(await run([], 'plan')).toMatchObject({ code: 0, printed: expect.stringContaining('No changes.') })
    expect(await run([], ...words)).toMatchObject({
      code: 0,
      printed: 'Imported already: edge is as pinfold.yaml says.\n',
    })
    rmSync('pinfold.yaml')
    expect(await run([], ...words)).toMatchObject({ code: 1, printed: expect.stringContaining('error P188') })
  })

  test('with --json it prints what it found with the manifest, then the plan and its events', async () => {
    expect((await run([], ...words, '--json')).printed).toContain('"code":"C108"')
    const { code, printed } = await run([], ...words, '--json', '--auto-approve')
    expect(code).toBe(0)
    const documents = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(documents[0]).toEqual({
      type: 'import',
      version: 1,
      stack: 'edge',
      file: 'pinfold.yaml',
      manifest: readFileSync('pinfold.yaml', 'utf8'),
      findings: [],
    })
    expect(documents[1]).toMatchObject({ type: 'plan', action: 'import', stack: 'edge', total: { keep: 14 } })
    expect(documents.at(-1)).toMatchObject({ type: 'finished', outcome: { result: 'done' } })
  })

  test('what is left out stays as it is: a link, and a map that is used all the same', async () => {
    const except = ['links', 'maps/flows'].flatMap((name) => ['--except', `/sys/fs/bpf/old/${name}`])
    expect(await run([], ...words, ...except, '--auto-approve')).toMatchObject({ code: 0 })
    const text = readFileSync('pinfold.yaml', 'utf8')
    expect(text).not.toContain('links')
    expect(text).toContain('  flows:\n    pinned: /sys/fs/bpf/old/maps/flows #')
    expect(await run([], 'plan')).toMatchObject({ code: 0 })
    const kernel = openMemoryMachine(JSON.parse(readFileSync(state, 'utf8'))).open()
    expect(kernel.bpffs.list('/sys/fs/bpf/edge/live/links')).toEqual([])
    expect(kernel.ids('link')).toHaveLength(1)
  })

  test('a program that is left out may stand in no slot: no manifest says what runs there (P180)', async () => {
    const { code, printed } = await run(
      [],
      ...words,
      '--except',
      '/sys/fs/bpf/old/programs/parse_ipv6',
      '--auto-approve',
    )
    expect(code).toBe(1)
    expect(printed).toMatch(/error P180 .* map\.handlers cannot be imported as it is: slots\.1: live #\d+, wanted none/)
    expect(existsSync('pinfold.yaml')).toBe(false)
  })

  test('what another stack has pinned for others is not to be had (P188), and of its maps there is nothing to import (P187)', async () => {
    const pins = 'pins: { /sys/fs/bpf/shared/entry: program.ingress, /sys/fs/bpf/flows: map.flows }\n'
    const second = first.replace('name: edge', 'name: other').replace('eth0', 'eth1')
    writeFileSync('second.yaml', second + pins)
    expect(await run([], 'apply', '-f', 'second.yaml', '--auto-approve')).toMatchObject({ code: 0 })
    const attempt = (path: string) => run([], 'import', path, '--object', 'edge.bpf.o', '--auto-approve')
    expect(await attempt('/sys/fs/bpf/shared')).toMatchObject({
      code: 1,
      printed: expect.stringContaining(
        'error P188: cannot import /sys/fs/bpf/shared/entry: it belongs to the stack /sys/fs/bpf/other',
      ),
    })
    expect(await attempt('/sys/fs/bpf/flows')).toMatchObject({
      code: 1,
      printed: expect.stringContaining('error P187'),
    })
    expect(await attempt('/sys/fs/bpf/old')).toMatchObject({ code: 0 })
    expect(await run([], 'plan', '-f', 'second.yaml')).toMatchObject({ code: 0 })
  })

  test('what was interrupted is finished first', async () => {
    const { code, printed } = await run([], ...words, '--auto-approve')
    expect([code, printed.includes('Imported edge')]).toEqual([0, true])
    const machine = openMemoryMachine(JSON.parse(readFileSync(state, 'utf8')))
    const kernel = machine.open()
    kernel.bpffs.rename('/sys/fs/bpf/edge/live', '/sys/fs/bpf/edge/next')
    for (const pin of ['maps/flows', 'links/uplink']) kernel.bpffs.unpin(`/sys/fs/bpf/edge/next/${pin}`)
    writeFileSync(state, JSON.stringify(machine.snapshot()))
    const planned = await run([], 'plan')
    expect(planned.code).toBe(2)
    expect(planned.printed).toContain('next  generation 1, 6 pins; an interrupted import: it will be finished')
    const finished = await run([], ...words, '--auto-approve')
    expect(finished.code).toBe(0)
    expect(finished.printed).toContain('Recovered edge, generation 1: 3 steps')
    expect(finished.printed).toContain('Imported already')
    expect(await run([], 'plan')).toMatchObject({ code: 0 })
  })
})

const state = 'kernel.json'
const words = ['import', '/sys/fs/bpf/old', '--object', 'edge.bpf.o']

const first = `version: 1
name: edge
objects:
  edge: { file: edge.bpf.o }
maps:
  handlers: { slots: { 0: parse_ipv4, 1: parse_ipv6 } }
programs: { ingress: {}, parse_ipv4: {}, parse_ipv6: {} }
links:
  uplink: { program: ingress, attach: { xdp: { interface: eth0 } } }
`

const whole = `Found: 3 maps, 3 programs, 1 link that the objects declare.
The manifest will be written to pinfold.yaml; what is imported keeps running and keeps its pins.

pinfold import · edge · kernel 6.18 in memory · generation 0 -> 1

  = map      handlers                              kept
  = map      stages                                kept
  = map      flows                                 kept, 0 entries
  = program  ingress                               unchanged
  = program  parse_ipv4                            unchanged
  = program  parse_ipv6                            unchanged
  = link     uplink                                unchanged
  = pin      /sys/fs/bpf/old/links/uplink          to link.uplink
  = pin      /sys/fs/bpf/old/maps/flows            to map.flows
  = pin      /sys/fs/bpf/old/maps/handlers         to map.handlers
  = pin      /sys/fs/bpf/old/maps/stages           to map.stages
  = pin      /sys/fs/bpf/old/programs/ingress      to program.ingress
  = pin      /sys/fs/bpf/old/programs/parse_ipv4   to program.parse_ipv4
  = pin      /sys/fs/bpf/old/programs/parse_ipv6   to program.parse_ipv6

Import: 7 objects pinned in the stack's tree as well; nothing is made, changed or detached.
Tail calls: 1 array, held at every step and after a crash at every step.
Import these objects? Only 'yes' is accepted: yes
Imported edge, generation 1: 13 steps in N ms.
`

async function run(answers: readonly string[], ...line: string[]): Promise<{ code: number; printed: string }> {
  const { terminal, printed } = fakeTerminal({ answers })
  const code = await main([...line, '--kernel', 'memory', '--state', state], terminal)
  return { code, printed: printed() }
}

/** What is left is a tree that anybody could have made. */
function loseRecord(): void {
  const machine = openMemoryMachine(JSON.parse(readFileSync(state, 'utf8')))
  const kernel = machine.open()
  kernel.bpffs.rename('/sys/fs/bpf/edge/live', '/sys/fs/bpf/old')
  kernel.bpffs.unpin('/sys/fs/bpf/old/record')
  kernel.bpffs.removeDirectory('/sys/fs/bpf/edge')
  kernel.close()
  writeFileSync(state, JSON.stringify(machine.snapshot()))
}
