import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the native part stays under 250 lines', () => {
  const sources = readdirSync('native').filter((name) => /\.(cc|h)$/.test(name))
  const lines = sources.map((name) => readFileSync(join('native', name), 'utf8').split('\n').length - 1)
  expect(sources).toContain('bpf.cc')
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThan(250)
})

test('the native part is compiled with warnings as errors', () => {
  expect(readFileSync('binding.gyp', 'utf8')).toMatch(/"-Wall", "-Wextra", "-Werror"/)
})
