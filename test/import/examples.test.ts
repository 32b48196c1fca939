import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noSandbox, Sandbox } from '../examples/sandbox.ts'

// One hierarchy for the whole machine: other tests have theirs at the same time.
const cgroup = `/mnt/pinfold-import-${process.pid}`
const variables = ['--var', `CGROUP=${cgroup}`, '--var', 'REFUSED_PORT=7777']

/** Maps of maps, CO-RE, a struct of functions, and links to every hook but those of the other tests. */
const examples = [
  'cgroup-sockets',
  'co-re',
  'congestion-control',
  'iterators',
  'map-of-maps',
  'socket-guard',
  'tracepoints',
]

describe.skipIf(noSandbox() !== undefined)('an example whose record is lost is a tree like any other', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-import-'))
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await Sandbox.create()
    sandbox.run('mkdir', cgroup)
  })
  afterAll(() => {
    sandbox.run('rmdir', cgroup)
    sandbox[Symbol.dispose]()
    rmSync(directory, { recursive: true })
  })

  test.each(examples)('%s: it is imported, and the next plan is empty', (name) => {
    const source = `examples/${name}/pinfold.yaml`
    const given = name === 'cgroup-sockets' ? variables : []
    const applied = sandbox.pinfold('apply', '-f', source, '--auto-approve', '--json', ...given)
    expect(applied.status, applied.stdout).toBe(0)
    const [{ stack }] = applied.stdout.split('\n', 1).map((line) => JSON.parse(line) as { stack: string }) as [
      { stack: string },
    ]
    const before = sandbox.show(stack)
    const { bpffs } = sandbox
    sandbox.shell(`mv ${bpffs}/${stack}/live ${bpffs}/old && rm ${bpffs}/old/record && rmdir ${bpffs}/${stack}`)

    const manifest = join(directory, `${name}.yaml`)
    const named = ['--object', `examples/${name}/${name}.bpf.o`, '--name', stack, '--out', manifest]
    const imported = sandbox.pinfold('import', `${bpffs}/old`, ...named, '--auto-approve', '--json')
    expect(imported.status, imported.stdout + imported.stderr).toBe(0)
    expect(sandbox.pinfold('plan', '-f', manifest)).toMatchObject({ status: 0 })
    const after = sandbox.show(stack)
    const ids = ({ maps, programs, links }: typeof after) =>
      [maps, programs, links].map((all) => all.map(({ id }) => id).sort())
    expect(ids(after)).toEqual(ids(before))

    expect(sandbox.pinfold('destroy', stack, '--auto-approve')).toMatchObject({ status: 0 })
    sandbox.shell(`rmdir ${bpffs}/old/* ${bpffs}/old`)
    expect(sandbox.run('ls', bpffs).stdout).not.toContain('old')
  })
})
