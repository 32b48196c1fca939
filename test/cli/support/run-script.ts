import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { main } from '../../../src/cli/main.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { type Action, parseScript } from './script.ts'

type Run = Action & { readonly kind: 'run' }

/** What a session printed, command by command. */
export interface Transcript {
  readonly runs: readonly (Run & { readonly printed: string })[]
}

/** Runs a session in a directory of its own; every command gets the same kernel in memory unless it names one. */
export async function runScript(text: string): Promise<Transcript> {
  const root = process.cwd()
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-script-'))
  process.chdir(directory)
  try {
    const runs = []
    const normalize = normalizer(directory)
    for (const action of parseScript(text)) {
      if (action.kind === 'run') runs.push({ ...action, printed: normalize(await run(action)) })
      else writeInput(action, root)
    }
    return { runs }
  } finally {
    process.chdir(root)
    rmSync(directory, { recursive: true })
  }
}

function writeInput(action: Exclude<Action, Run>, root: string): void {
  mkdirSync(dirname(action.file), { recursive: true })
  if (action.kind === 'write') writeFileSync(action.file, action.text)
  else writeFileSync(action.file, copied(action, root))
}

function copied({ from, bytes, patch }: Action & { readonly kind: 'copy' }, root: string): Uint8Array {
  const copy = readFileSync(join(root, from)).subarray(0, bytes)
  if (patch) copy[patch.at] = patch.byte
  return copy
}

async function run({ words, answers, environment }: Run): Promise<string> {
  const { terminal, printed } = fakeTerminal({ answers, environment })
  const code = await main(withMemoryKernel(words), terminal)
  return `${printed()}[exit ${code}]`
}

const withKernel = new Set(['plan', 'apply', 'confirm', 'doctor', 'recover', 'rollback', 'show', 'destroy'])

function withMemoryKernel(words: readonly string[]): readonly string[] {
  if (!withKernel.has(words[0] ?? '') || words.includes('--kernel')) return words
  const [command = '', ...rest] = words
  return [command, '--kernel', 'memory', '--state', 'kernel.json', ...rest]
}

/** Numbers kernel ids in the order in which they appear; forgets how long things took and where the session ran. */
function normalizer(directory: string): (text: string) => string {
  const ids = new Map<string, string>()
  const numbered = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `#${ids.size + 1}`)
    return ids.get(id) ?? id
  }
  return (text) =>
    text
      .replaceAll(directory, '/here')
      .replace(/#\d+/g, numbered)
      .replace(/ in [\d.]+ (ms|s)\b/g, ' in N ms')
      .replace(/, \d+ s left/g, ', N s left')
      .replace(/"(ms|loadMs)":[\d.e-]+/g, '"$1":0')
      .replace(/"tool":"[^"]+","time":"[^"]+","nonce":"[^"]+"/g, '"tool":"TOOL","time":"TIME","nonce":"NONCE"')
}
