import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { linuxMachine } from '../../src/kernel/machine.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { fakeTerminal } from './support/fake-terminal.ts'

// These run on the kernels of `npm run kernels`; where a kernel lacks the feature, the refusal is tested instead.
describe.skipIf(!canTestLinux)('what only some kernels have', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())

  const apply = async (program: string): Promise<{ code: number; printed: string }> => {
    const file = join(host.directory, `${program}.yaml`)
    writeFileSync(file, manifest(program))
    const { terminal, printed } = fakeTerminal()
    const code = await main(['apply', '-f', file, '--bpffs', host.bpffs, '--auto-approve'], terminal)
    return { code, printed: printed() }
  }
  const translated = (program: string): string =>
    run(
      'bpftool',
      'prog',
      'dump',
      'xlated',
      'pinned',
      `${host.bpffs}/${program.replace('_', '-')}/live/programs/${program}`,
    )

  test('a function of a module is called', async () => {
    spawnSync('modprobe', ['nf_conntrack'])
    const { code, printed } = await apply('of_module')
    if (has('bpf_xdp_ct_lookup')) {
      expect({ code, printed }).toMatchObject({ code: 0 })
      expect(translated('of_module')).toMatch(/call bpf_xdp_ct_lookup/)
    } else {
      expect(code).toBe(1)
      expect(printed).toContain('it needs the kernel function bpf_xdp_ct_lookup, which Linux')
    }
  })

  test('the address of a variable with a type is loaded', async () => {
    const { code, printed } = await apply('of_variable')
    if (has('runqueues')) {
      expect({ code, printed }).toMatchObject({ code: 0 })
      expect(translated('of_variable')).toMatch(/r1 = 0x[0-9a-f]+/)
    } else {
      expect(code).toBe(1)
      expect(printed).toMatch(/failed to find the address for kernel symbol 'runqueues'/)
    }
  })
})

const has = (symbol: string): boolean => linuxMachine().symbolAddresses(new Set([symbol])).size > 0

const manifest = (program: string): string => `version: 1
name: ${program.replace('_', '-')}
objects: { main: { file: ${resolve('test/fixtures/kernel-only.bpf.o')} } }
programs: { ${program}: {} }
`
