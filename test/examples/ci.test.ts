import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { noSandbox } from './sandbox.ts'

const read = (name: string): string => readFileSync(`examples/ci/${name}`, 'utf8')

describe.skipIf(noSandbox() !== undefined)('examples/ci, as its script plays it', () => {
  test('reviews and applies two versions, refuses a used plan, tells drift and repairs it', {
    timeout: 180_000,
  }, () => {
    const { status, stdout, stderr } = spawnSync('examples/ci/play.sh', { encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
    const comments = stdout.match(/^\*\*pinfold plan.*$/gm) ?? []
    expect(comments.map((line) => /generation [0-9 →]+[0-9]/.exec(line)?.[0])).toEqual([
      'generation 0 → 1',
      'generation 1 → 2',
      'generation 2 → 3',
    ])
    expect(stdout.match(/^No changes\. 6 objects as declared\.$/gm)).toHaveLength(3)
    expect(stderr).toMatch(/error P312|error P316/)
  })
})

interface Job {
  readonly steps?: readonly { readonly run?: string }[]
  readonly script?: readonly string[]
}

/** The commands of pinfold in each job of a pipeline, without how a job becomes root. */
function commandsIn(pipeline: Record<string, unknown>): Record<string, readonly string[]> {
  const jobs = Object.entries(pipeline).map(([name, job]) => [name, linesOf(job as Job)] as const)
  return Object.fromEntries(jobs.filter(([, lines]) => lines.length > 0))
}

const linesOf = ({ steps = [], script = [] }: Job): readonly string[] =>
  [...steps.map(({ run = '' }) => run), ...script].flatMap((text) => pinfoldIn(text))

const pinfoldIn = (text: string): readonly string[] =>
  text
    .replaceAll('sudo "$(command -v pinfold)"', 'pinfold')
    .split('\n')
    .map((line) => /^\s*(?:without_rights )?(pinfold .*?)(?: \|\| .*)?$/.exec(line)?.[1]?.replace(/ ?> ?/, ' > '))
    .filter((line) => line !== undefined)

test('both pipelines and the script run the same commands, job by job', () => {
  const github = commandsIn((parse(read('github-actions.yml')) as { readonly jobs: Record<string, unknown> }).jobs)
  const { validate = [], verify = [], ...rest } = commandsIn(parse(read('gitlab-ci.yml')) as Record<string, unknown>)
  expect({ check: [...validate, ...verify], ...rest }).toEqual(github)
  const functions = [...read('play.sh').matchAll(/^(snapshot|check|plan|apply)\(\) \{\n([\s\S]*?)^\}/gm)]
  const script = Object.fromEntries(functions.map(([, name = '', body = '']) => [name, pinfoldIn(body)]))
  expect(script).toEqual(github)
})

test('a plan is refused by the same exit codes everywhere', () => {
  for (const name of ['github-actions.yml', 'gitlab-ci.yml', 'play.sh']) {
    expect(read(name)).toContain('0 | 2 | 3 | 4) ;;')
    expect(read(name)).toMatch(/test "\$code" != 4/)
  }
})
