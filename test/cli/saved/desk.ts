import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../../../src/cli/main.ts'
import { seal } from '../../../src/cli/seal.ts'
import type { PlanDocument } from '../../../src/cli/views/plan-document.ts'
import { type MemoryMachine, openMemoryMachine } from '../../../src/index.ts'
import { fakeTerminal } from '../support/fake-terminal.ts'

/** What a command printed and how it ended. */
export interface Answer {
  readonly code: number
  readonly printed: string
}

/** A directory with a manifest, its object and a kernel in memory, in which commands run. */
export interface Desk extends Disposable {
  readonly pinfold: (...words: readonly string[]) => Promise<Answer>
  readonly read: (file: string) => string
  readonly write: (file: string, text: string) => void
  /** Changes the text of a file. */
  readonly edit: (file: string, change: (text: string) => string) => void
  /** The machine as the last command left it. */
  readonly machine: () => MemoryMachine
  /** Does something to the machine that no command does. */
  readonly meddle: (act: (machine: MemoryMachine) => void | Promise<void>) => Promise<void>
}

const example = join(import.meta.dirname, '../../../examples/tail-calls')
const withoutKernel = new Set(['validate'])

/** Commands get the kernel in memory; `pinfold.yaml` is the tail-call example. */
export function openDesk(): Desk {
  const root = process.cwd()
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-desk-'))
  for (const file of ['pinfold.yaml', 'tail-calls.bpf.o']) cpSync(join(example, file), join(directory, file))
  process.chdir(directory)
  const read = (file: string): string => readFileSync(file, 'utf8')
  const machine = (): MemoryMachine => openMemoryMachine(JSON.parse(read('kernel.json')))
  return {
    read,
    write: (file, text) => writeFileSync(file, text),
    edit: (file, change) => writeFileSync(file, change(read(file))),
    machine,
    async meddle(act) {
      const changed = machine()
      await act(changed)
      writeFileSync('kernel.json', JSON.stringify(changed.snapshot()))
    },
    async pinfold(...words) {
      const { terminal, printed } = fakeTerminal()
      const kernel = withoutKernel.has(words[0] ?? '') || words.includes('--kernel') ? [] : memory
      const code = await main([...words, ...kernel], terminal)
      return { code, printed: printed() }
    },
    [Symbol.dispose]() {
      process.chdir(root)
      rmSync(directory, { recursive: true })
    },
  }
}

const memory = ['--kernel', 'memory', '--state', 'kernel.json']

/** The other version of the manifest, in which the handlers change their slots; and back again. */
export const swapSlots = (text: string): string =>
  text.replace(/: parse_ipv([46])$/gm, (_, version) => `: parse_ipv${version === '4' ? '6' : '4'}`)

/** Changes the saved plan as somebody who knows how plans are sealed. */
export const resealed =
  (change: (plan: PlanDocument) => PlanDocument) =>
  (desk: Desk): void =>
    desk.edit('plan.json', (text) => {
      const { envelope, ...plan } = change(JSON.parse(text))
      return JSON.stringify(seal({ envelope: { ...envelope, nonce: envelope.nonce.slice(0, 16) }, ...plan }))
    })
