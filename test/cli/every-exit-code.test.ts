import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { noSandbox, type Output, Sandbox } from '../examples/sandbox.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-exit-codes-'))
cpSync('examples/rolling-upgrade', directory, { recursive: true })
afterAll(() => rmSync(directory, { recursive: true }))

const [first, next] = [join(directory, 'v1.yaml'), join(directory, 'v2.yaml')]
const refused = join(directory, 'refused.yaml')
writeFileSync(refused, readFileSync(next, 'utf8').replace('onChange: migrate', 'onChange: refuse'))

describe.skipIf(noSandbox() !== undefined)('the built command line on this kernel ends with', () => {
  test('each exit code of the help, in the life of one stack', { timeout: 120_000 }, async () => {
    using sandbox = await Sandbox.create()
    const pinfold = (...words: string[]): number => status(sandbox.pinfold(...words))
    const apply = (file: string, ...options: string[]): number =>
      pinfold('apply', '-f', file, '--auto-approve', ...options)
    const plan = join(directory, 'plan.json')

    expect(pinfold('plan', '-f', 'no-such.yaml'), '1: an error, nothing changed').toBe(1)
    expect(pinfold('plan', '-f', first, '--out', plan), '2: changes').toBe(2)
    expect(pinfold('apply', plan), '0: success').toBe(0)
    expect(pinfold('plan', '-f', first), '0: no changes').toBe(0)
    expect(pinfold('apply', plan), '5: a precondition failed').toBe(5)

    sandbox.shell(`bpftool link detach pinned ${sandbox.bpffs}/rolling/live/links/uplink`)
    expect(pinfold('plan', '-f', first), '3: drift only').toBe(3)
    expect(apply(first)).toBe(0)

    expect(pinfold('plan', '-f', refused), '4: blocked').toBe(4)
    expect(apply(refused), '4: blocked, and so not applied').toBe(4)

    expect(apply(next, '--confirm', '1s'), '6: nobody confirmed, taken back').toBe(6)
    expect(pinfold('plan', '-f', first), 'it is as it was').toBe(0)

    sandbox.shell(
      `ip link add other type veth peer name otherpeer && ip link set dev other xdpgeneric pinned ${sandbox.bpffs}/rolling/live/programs/ingress`,
    )
    const destroy = (): number => pinfold('destroy', 'rolling', '--auto-approve', '--purge')
    expect(destroy(), '7: somebody else uses a program, which is kept').toBe(7)
    sandbox.shell('ip link set dev other xdpgeneric off')
    expect(destroy(), '0: now it goes').toBe(0)
  })
})

const status = ({ status, stdout, stderr }: Output): number => {
  if (status < 0 || /at .*\.js:\d+/.test(stderr)) throw new Error(`exit code ${status}: ${stdout}${stderr}`)
  return status
}
