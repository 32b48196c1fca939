import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { takeBackOverdue } from '../../src/cli/unconfirmed.ts'
import { openMemoryMachine } from '../../src/index.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { KernelError } from '../../src/model/errors.ts'
import { applyStack, bpffs } from '../apply/runs.ts'
import { stackOf } from '../apply/stack.ts'
import { snapshotOf } from '../snapshot/copies.ts'
import { checkDocument, checkPrinted, readSchema, schemaNames, typesIn, typesSeen } from '../support/printed.ts'
import { promisesOf } from '../support/promises.ts'
import { confirmIn, due, later, stageOf, upgraded, waitFor } from './support/confirming.ts'
import { fakeTerminal } from './support/fake-terminal.ts'
import { runScript } from './support/run-script.ts'
import { document, plan } from './views/samples.ts'

const scripts = join(import.meta.dirname, '../scripts')
/** What was promised: lines of promisesOf. */
const promised = join(import.meta.dirname, '../fixtures/output-1.promises.txt')

describe('the schemas of what is printed', () => {
  test('are schemas, and each type is in one of them', () => {
    const ajv = new Ajv2020({ discriminator: true, strict: true })
    const types = schemaNames.flatMap((name) => {
      const schema = readSchema(name)
      expect(ajv.validateSchema(schema)).toBe(true)
      expect(schema).toMatchObject({ $id: `urn:pinfold:${name}:1`, title: expect.any(String) })
      return typesIn(schema)
    })
    expect(types.toSorted()).toEqual([...new Set(types)].toSorted())
  })

  test('refuse a field that they do not name, one that is missing, and a value of another kind, wherever it stands', () => {
    const made = plain(document(plan([{ action: 'create', address: 'map.flows', because: [] }])))
    const changed = (change: object): unknown => ({ ...made, changes: [{ ...made.changes[0], ...change }] })
    checkDocument(made, 'a plan')
    expect(() => checkDocument({ ...made, extra: 1 }, 'a plan')).toThrow(
      'a plan: / must NOT have additional properties',
    )
    expect(() => checkDocument(changed({ extra: 1 }), 'a plan')).toThrow(
      '/changes/0 must NOT have additional properties',
    )
    expect(() => checkDocument(changed({ because: undefined }), 'a plan')).toThrow(/"missingProperty":"because"/)
    expect(() => checkDocument(changed({ liveId: 1.5 }), 'a plan')).toThrow(
      /\/changes\/0\/liveId must be integer.*1\.5/,
    )
    expect(() => checkDocument(changed({ address: 'flows' }), 'a plan')).toThrow(/address must match pattern.*"flows"/)
    expect(() => checkDocument({ ...made, type: 'plot' }, 'a plan')).toThrow('no schema has the type plot')
  })

  test('hold a snapshot to its schema, down to its pins, and refuse values beside those that it names', async () => {
    const taken = JSON.parse(JSON.stringify(await snapshotOf(await publishedStack(), bpffs)))
    const directory = taken.files[bpffs]
    const withPin = (change: object): unknown => ({
      ...taken,
      files: { [bpffs]: { ...directory, entries: { pin: { mode: 0o600, inode: 1, object: ['map', 1], ...change } } } },
    })
    checkDocument(taken, 'a snapshot')
    checkDocument(withPin({}), 'a snapshot')
    expect(() => checkDocument({ ...taken, extra: 1 }, 'a snapshot')).toThrow('must NOT have additional properties')
    for (const change of [{ object: ['map', 1, 2] }, { object: ['map'] }, { object: ['cpu', 1] }, { extra: 1 }])
      expect(() => checkDocument(withPin(change), 'a snapshot'), JSON.stringify(change)).toThrow(/entries\/pin/)
  })

  test('refuse what is printed between documents', () => {
    expect(() => checkPrinted(['plan', '--json'], 'hello\n')).toThrow('this line is not JSON: hello')
    expect(() => checkPrinted(['plan', '--json'], '{"type":"plan"}\n')).toThrow(
      'pinfold plan --json: / must have required',
    )
  })

  test('know every type, and every type of theirs is printed', async () => {
    for (const file of readdirSync(scripts)) await runScript(asJson(readFileSync(join(scripts, file), 'utf8')))
    await runScript(others)
    await playFailures()
    await playUse()
    await playHosts()
    await playConfirmations()
    expect([...typesSeen].toSorted()).toEqual(schemaNames.flatMap((name) => typesIn(readSchema(name))).toSorted())
  })
})

test('nothing that version 1 promises is gone or another', () => {
  const now = [...new Set(schemaNames.flatMap((name) => promisesOf(name, readSchema(name))))].toSorted()
  if (process.env['UPDATE_PROMISES']) writeFileSync(promised, `${now.join('\n')}\n`)
  const current = new Set(now)
  const broken = readFileSync(promised, 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => !current.has(line))
  expect(
    broken,
    'a field of the output is gone, or another: readers rely on it (docs/output.md). UPDATE_PROMISES=1 takes back what was never released',
  ).toEqual([])
})

/** They run it for text only, and for JSON by `main`, which is checked. */
const byMain = new Set(['cli/documents.test.ts', 'cli/rejected.test.ts', 'cli/snapshot.test.ts'])

test('whoever runs the built command line for JSON has it checked', () => {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const running = files.filter((file) => {
    const text = readFileSync(join('test', file), 'utf8')
    const asks = text.includes('pinfold.js') && text.includes("'--json'")
    return asks && !byMain.has(file) && !text.includes('checkPrinted')
  })
  expect(running).toEqual([])
})

const plain = (value: ReturnType<typeof document>): ReturnType<typeof document> => JSON.parse(JSON.stringify(value))

/** The same session with --json; nobody can be asked then. */
function asJson(script: string): string {
  return script.replaceAll(/^(\$ .*pinfold.*)\n((?:< .*\n)*)/gm, (_, line: string, answers: string) => {
    const approved = answers === '< yes\n' && !line.includes('--auto-approve') ? ' --auto-approve' : ''
    return /--json|--format|--help| -h\b/.test(line) ? `${line}\n${answers}` : `${line} --json${approved}\n`
  })
}

const others = `
@copy edge.bpf.o from examples/byte-counters/byte-counters.bpf.o
$ pinfold verify edge.bpf.o --kernel memory --json --timings
[exit 0]
=== pinfold.yaml
version: 1
name: bytes
objects: { main: { file: edge.bpf.o } }
programs: { count_ingress: {} }
===
$ pinfold apply --auto-approve
[exit 0]
$ pinfold plan --drift-only --json
[exit 0]
$ pinfold snapshot --kernel memory --state kernel.json --out host.json --json
[exit 0]
$ pinfold snapshot --kernel memory --state kernel.json --json --timings
[exit 0]
`

async function publishedStack(): Promise<Kernel> {
  const kernel = openMemoryMachine().open()
  await applyStack(kernel, stackOf())
  return kernel
}

/** What goes wrong while a plan is carried out, and what cannot be undone. */
async function playFailures(): Promise<void> {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  await applyStack(kernel, stackOf())
  let switches = 0
  machine.beforeCall((operation) => {
    if (operation === 'exchange' || (operation === 'updateLink' && ++switches === 2)) throw broken
  })
  await applyStack(kernel, stackOf({ verdicts: { v4: 1 } }))
  kernel.close()
}

/** What somebody else uses is left out. */
async function playUse(): Promise<void> {
  const machine = openMemoryMachine()
  const kernel = machine.open()
  await applyStack(kernel, stackOf())
  const other = machine.open()
  {
    using program = other.openById(
      'program',
      machine.inspect.pins().get(`${bpffs}/edge/live/programs/ingress`)?.id ?? 0,
    )
    other.createLink({
      program,
      target: { kind: 'xdp', interface: 'eth7', ifindex: other.interfaceIndex('eth7') ?? 0 },
    })
  }
  await applyStack(kernel, stackOf({ verdicts: { v4: 1 } }))
  kernel.close()
}

const broken = new KernelError('cannot do it: broken', { code: 'K001', command: 'test', errno: 'EIO' })

/** Plans for several hosts, and an import on one that has something to import. */
async function playHosts(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-documents-'))
  const [host, state] = [join(directory, 'host.json'), join(directory, 'kernel.json')]
  const machine = openMemoryMachine()
  const kernel = machine.open()
  await applyStack(kernel, stackOf())
  kernel.bpffs.rename(`${bpffs}/edge/live`, `${bpffs}/old`)
  kernel.close()
  writeFileSync(state, JSON.stringify(machine.snapshot()))
  const memory = ['--json', '--kernel', 'memory', '--state', state]
  const object = 'examples/byte-counters/byte-counters.bpf.o'
  const { terminal } = fakeTerminal()
  await main(['snapshot', '--out', host, ...memory], terminal)
  await main(
    ['plan', '-f', 'examples/byte-counters/pinfold.yaml', '--against', host, '--against', host, '--json'],
    terminal,
  )
  await main(['import', `${bpffs}/old`, '--object', object, '--out', join(directory, 'new.yaml'), ...memory], terminal)
  const saved = join(directory, 'plan.json')
  await main(['plan', '-f', 'examples/byte-counters/pinfold.yaml', '--out', saved, ...memory], terminal)
  checkDocument(JSON.parse(readFileSync(saved, 'utf8')), 'a saved plan')
  rmSync(directory, { recursive: true })
}

/** Each way in which waiting for a confirmation ends. */
async function playConfirmations(): Promise<void> {
  const [confirmed, interrupted, overdue, replaced] = [
    await upgraded(),
    await upgraded(),
    await upgraded(),
    await upgraded(),
  ]
  const json = { json: true } as const
  later(() => confirmIn(confirmed))
  await waitFor(confirmed, {}, json)
  await waitFor(interrupted, { interruptAfter: 1 }, json)
  overdue.passTime(60_000)
  await waitFor(overdue, {}, json)
  const kernel = replaced.open()
  const session = { kernel, bpffs, files: new Map(), [Symbol.dispose]: () => undefined }
  later(() => takeBackOverdue(session, stageOf(kernel), due))
  await waitFor(replaced, {}, json)
}
