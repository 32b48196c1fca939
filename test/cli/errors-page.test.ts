import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('docs/errors.md has a row for every code in the sources, and like docs/lint.md is up to date', () => {
  const cwd = join(import.meta.dirname, '../..')
  const script = spawnSync(process.execPath, ['scripts/generate-errors.mjs', '--check'], { cwd, encoding: 'utf8' })
  expect({ status: script.status, stderr: script.stderr }).toEqual({ status: 0, stderr: '' })
})
