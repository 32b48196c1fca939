import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

describe.skipIf(!canTestLinux)('plan --diff on Linux', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())

  const pinfold = async (command: string, ...words: string[]): Promise<string> => {
    const { terminal, printed } = fakeTerminal()
    await main([command, '--bpffs', host.bpffs, ...words], terminal)
    return printed()
  }

  const manifest = (entry: string): string => {
    const file = join(host.directory, 'allow.yaml')
    const object = `{ file: ${resolve('examples/allow-list/allow-list.bpf.o')}, globals: { dry_run: ${entry === 'DENY'} } }`
    const text = `objects: { main: ${object} }\nmaps: { networks4: { entries: { 10.0.0.0/8: ${entry} } } }\nprograms: { filter: }\n`
    writeFileSync(file, `version: 1\nname: allow\n${text}`)
    return file
  }

  test('what stands before is what the kernel holds, also where somebody else wrote it', async () => {
    await pinfold('apply', '-f', manifest('ALLOW'), '--auto-approve')
    const map = join(host.bpffs, 'allow/live/maps/networks4')
    run('bpftool', ...'map update pinned'.split(' '), map, ...'key 8 0 0 0 10 0 0 0 value 7 0 0 0'.split(' '))
    const text = await pinfold('plan', '-f', manifest('DENY'), '--diff')
    expect(text).toContain(`

map.networks4, declared entries:
- 10.0.0.0/8: 7
+ 10.0.0.0/8: DENY

map.rodata, variables:
- dry_run: false
+ dry_run: true

`)
    await pinfold('destroy', 'allow', '--auto-approve')
  })
})
