import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const repository = resolve(import.meta.dirname, '../..')
// Inside the package, so that its own name leads to dist/ through the exports of package.json.
const directory = join(repository, `build/test-api-${process.pid}`)

beforeAll(() => mkdirSync(directory, { recursive: true }))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test("README's program applies a stack by the package's exports alone", () => {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8')
  const program = /```js\n(\/\/ apply\.mjs\n[\s\S]*?)```/.exec(readme)?.[1] ?? ''
  writeFileSync(join(directory, 'apply.mjs'), program)
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(directory, 'apply.mjs')], {
    cwd: repository,
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const lines = stdout.trimEnd().split('\n')
  expect(lines).toEqual(expect.arrayContaining(['create-map', 'load-program', 'fill-slot', 'create-link']))
  expect(lines.at(-1)).toBe('done')
})
