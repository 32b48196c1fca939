import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Output, Sandbox } from '../examples/sandbox.ts'

/** A page of docs/ whose commands are executed. */
export interface Page {
  /** The blocks of one language, in their order. */
  readonly blocks: (language: string) => readonly string[]
  /** The lines of its shell blocks. */
  readonly commands: readonly string[]
}

export function readPage(name: string): Page {
  const text = readFileSync(join('docs', name), 'utf8')
  const blocks = (language: string): readonly string[] =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block]) => block ?? '')
  return { blocks, commands: blocks('sh').flatMap((block) => block.trim().split('\n')) }
}

/**
 * Plays a page in a sandbox with a bpffs at /sys/fs/bpf and a copy of the examples, to which its commands may write: each has to
 * end with the exit code that its comment says, or 0.
 */
export function play(sandbox: Sandbox, { commands }: Page, directory: string): Output {
  const command = join(directory, 'pinfold')
  writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} ${resolve('dist/cli/pinfold.js')} "$@"\n`)
  chmodSync(command, 0o755)
  cpSync('examples', join(directory, 'examples'), { recursive: true })
  const setUp = ['mount -t bpf bpf /sys/fs/bpf', `PATH=${directory}:$PATH`, `cd ${directory}`]
  const script = join(directory, 'page.sh')
  writeFileSync(script, [...setUp, ...commands.map(checked)].join('\n'))
  // A page may wait for something that never comes on a machine that is too slow.
  return sandbox.run('timeout', '170', 'bash', script)
}

/** A line, and the end of the script when it has another exit code than its comment says. */
function checked(line: string): string {
  if (line.endsWith('&')) return line
  const expected = /# exit code (\d)/.exec(line)?.[1] ?? '0'
  const complain = `{ echo ${JSON.stringify(line)}: exit code $code >&2; exit 1; }`
  return `${line}\ncode=$?; [ $code = ${expected} ] || ${complain}`
}
