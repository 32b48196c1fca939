import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Envelope } from '../../src/cli/envelope.ts'
import { main } from '../../src/cli/main.ts'
import { isSealed } from '../../src/cli/seal.ts'
import { readVersion } from '../../src/cli/version.ts'
import { openMemoryMachine } from '../../src/index.ts'
import { type FakeTerminalOptions, fakeTerminal } from './support/fake-terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-envelope-'))
afterAll(() => rmSync(directory, { recursive: true }))

const manifest = 'examples/tail-calls/pinfold.yaml'
const object = 'examples/tail-calls/tail-calls.bpf.o'
const stamp = { time: '2026-11-26T12:00:00.000Z', chance: '0123456789abcdef' }

test('the envelope says what the plan was made from, where and when', async () => {
  const { envelope } = await document(['plan', '-f', manifest], { stamp })
  expect(envelope).toEqual({
    tool: `pinfold ${readVersion()}`,
    time: stamp.time,
    nonce: expect.stringMatching(/^0123456789abcdef[0-9a-f]{16}$/),
    host: {
      kind: 'memory',
      name: 'memory',
      id: sha256('memory'),
      release: '6.18.0-memory',
      machine: 'memory',
      bootId: '00000000-0000-4000-8000-000000000000',
    },
    bpffs: '/sys/fs/bpf',
    manifest: { file: manifest, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    variables: [],
    objects: [{ name: 'main', file: expect.any(String), digest: sha256(readFileSync(object)) }],
    adopt: false,
  })
})

test('but for time and nonce it depends on what the plan is made from only', async () => {
  const [first, second] = [await document(['plan', '-f', manifest]), await document(['plan', '-f', manifest])]
  const timeless = (one: Document) => ({ ...one, envelope: { ...one.envelope, time: '', nonce: '' } })
  expect(JSON.stringify(timeless(first))).toBe(JSON.stringify(timeless(second)))
  expect(first.envelope.nonce).not.toBe(second.envelope.nonce)
})

test('it has the variables that the manifest uses, wherever they come from, and the BTF that was given', async () => {
  const file = join(directory, 'pinfold.yaml')
  const text = readFileSync(manifest, 'utf8').replace(/^name: .*/m, 'name: "${STACK}"\nhistory: "${HISTORY}"')
  const values = join(directory, 'values.yaml')
  writeFileSync(file, text.replace(/file: .*/, `file: ${join(process.cwd(), object)}`))
  writeFileSync(values, 'STACK: "7"\nOTHER: 1\n')
  const environment = { PINFOLD_VAR_HISTORY: '2', PINFOLD_VAR_UNUSED: '3' }
  const { envelope } = await document(['plan', '-f', file, '--var-file', values], { environment })
  expect(envelope.variables).toEqual([
    { name: 'HISTORY', text: '2' },
    { name: 'STACK', text: '7', quoted: true },
  ])
})

test('a change of anything in the document breaks its seal', async () => {
  const sealed = await document(['plan', '-f', manifest])
  expect(isSealed(sealed)).toBe(true)
  expect(isSealed({ ...sealed, stack: 'other' } as Document)).toBe(false)
  expect(isSealed({ ...sealed, envelope: { ...sealed.envelope, adopt: true } })).toBe(false)
  const nonce = sealed.envelope.nonce.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
  expect(isSealed({ ...sealed, envelope: { ...sealed.envelope, nonce } })).toBe(false)
})

test('what apply and destroy show has one, too; a destroy comes from no manifest', async () => {
  const state = join(directory, 'kernel.json')
  const applied = await document(['apply', '-f', manifest, '--auto-approve', '--state', state])
  expect(applied).toMatchObject({ action: 'apply', envelope: { manifest: { file: manifest } } })
  const { envelope, ...destroyed } = await document(['destroy', '-f', manifest, '--auto-approve', '--state', state])
  expect(destroyed).toMatchObject({ action: 'destroy' })
  expect(envelope).toMatchObject({ variables: [], objects: [] })
  expect(envelope.manifest).toBeUndefined()
})

test('a machine in memory can be another host, or another boot', () => {
  const options = { bootId: 'b', host: { name: 'other', id: 'h' } }
  const machine = openMemoryMachine(undefined, options)
  expect(machine.open().identity).toMatchObject(options)
  expect(openMemoryMachine(machine.snapshot()).open().identity).toMatchObject(options)
})

interface Document {
  readonly envelope: Envelope
}

/** The first document that a command prints. */
async function document(words: readonly string[], options: FakeTerminalOptions = {}): Promise<Document> {
  const { terminal, printed } = fakeTerminal(options)
  await main([...words, '--kernel', 'memory', '--json'], terminal)
  return JSON.parse(printed().split('\n')[0] ?? '')
}

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
