import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { noSandbox, Sandbox } from './sandbox.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-protect-'))
afterAll(() => rmSync(directory, { recursive: true }))
const object = resolve('examples/tail-calls/tail-calls.bpf.o')
const text = readFileSync('examples/tail-calls/pinfold.yaml', 'utf8').replace(
  'file: tail-calls.bpf.o',
  `file: ${object}`,
)

/** The example with this added to its maps and links. */
function manifest(name: string, maps: string, link: string): readonly string[] {
  const file = join(directory, name)
  writeFileSync(
    file,
    text.replace('maps:\n', `maps:\n${maps}`).replace('    program: ingress\n', `    program: ingress\n${link}`),
  )
  return ['-f', file, '--var', 'IFACE=eth0']
}

describe.skipIf(noSandbox() !== undefined)('a stack with a protected map and link on this kernel', () => {
  test('stays as it is whatever forbidden thing is asked for, and goes once the protection was lifted', async () => {
    using sandbox = await Sandbox.create()
    const apply = (files: readonly string[]) => sandbox.pinfold('apply', '--auto-approve', ...files)
    const ids = () => [...sandbox.show('edge').maps, ...sandbox.show('edge').links].map(({ id }) => id)
    const kept = manifest('kept.yaml', '  flows: { protect: true }\n', '    protect: true\n')
    expect(apply(kept).status).toBe(0)
    const before = ids()

    const silent = ['-f', join(directory, 'silent.yaml'), '--var', 'IFACE=eth0']
    writeFileSync(join(directory, 'silent.yaml'), text.replace(/links:[\s\S]*/, ''))
    const larger = manifest('larger.yaml', '  flows: { onChange: replace, maxEntries: 99 }\n', '')
    for (const forbidden of [silent, larger]) {
      const { status, stdout } = apply(forbidden)
      expect({ status, blocked: stdout.match(/BLOCKED P140/g)?.length }).toEqual({ status: 4, blocked: 1 })
    }
    expect(sandbox.pinfold('destroy', '--auto-approve', 'edge').status).toBe(4)
    expect(ids()).toEqual(before)
    expect(sandbox.pinfold('plan', ...kept).status).toBe(0)

    expect(apply(manifest('lifted.yaml', '  flows: { protect: false }\n', '    protect: false\n')).status).toBe(0)
    expect(ids()).toEqual(before)
    expect(sandbox.pinfold('destroy', '--auto-approve', 'edge').status).toBe(0)
  })

  test('is told that its bpffs ends with the mount namespace, which blocks where that is denied', async () => {
    using sandbox = await Sandbox.create()
    const files = manifest('plain.yaml', '', '')
    const plan = sandbox.pinfold('plan', ...files)
    expect(plan.status).toBe(2)
    expect(plan.stdout).toMatch(/^warning P147 .* is not mounted in the mount namespace of process 1/m)
    const denied = sandbox.pinfold('apply', '--auto-approve', '--deny', 'P147', ...files)
    expect(denied).toMatchObject({ status: 4, stdout: expect.stringContaining('error P147 (--deny)') })
    expect(sandbox.pinfold('show').stdout).not.toContain('edge')
  })
})
