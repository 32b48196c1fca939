import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

// Each folder may import only from folders in an earlier row; siblings share a row.
const layers = [
  ['util'],
  ['model'],
  ['layout', 'btf'],
  ['manifest', 'object', 'kernel'],
  ['state'],
  ['plan'],
  ['differences'],
  ['apply'],
  [''],
  ['cli'],
]
const rank = (folder: string): number => layers.findIndex((layer) => layer.includes(folder))
const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '')
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

test('imports point down the layers', () => {
  const upward: string[] = []
  for (const file of sources) {
    for (const target of importsOf(file)) {
      const to = relative('src', join('src', dirname(file), target))
      const [a, b] = [folderOf(file), folderOf(to)]
      if (a !== b && rank(b) >= rank(a)) upward.push(`${file} -> ${to}`)
    }
  }
  expect(sources.length).toBeGreaterThan(20)
  expect(upward).toEqual([])
})

test('every folder of src has a layer', () => {
  expect([...new Set(sources.map(folderOf))].filter((folder) => rank(folder) < 0)).toEqual([])
})

test('no source file is over 300 lines, and the native part stays under 250', () => {
  const long = sources.filter((file) => !file.includes('.generated.') && linesOf(join('src', file)) > 300)
  expect(long).toEqual([])
  const native = readdirSync('native').filter((file) => /\.(cc|h)$/.test(file))
  const total = native.reduce((sum, file) => sum + linesOf(join('native', file)), 0)
  expect(total).toBeGreaterThan(0)
  expect(total).toBeLessThan(250)
})

function importsOf(file: string): string[] {
  const text = readFileSync(join('src', file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)/g)].map((match) => match[1] ?? '')
}

const linesOf = (file: string): number => readFileSync(file, 'utf8').trimEnd().split('\n').length
