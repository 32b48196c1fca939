import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What the package exports, with the file that declares it. */
function exports(): readonly { readonly name: string; readonly file: string }[] {
  const index = readFileSync('src/index.ts', 'utf8')
  return [...index.matchAll(/export (?:type )?\{([^}]+)\} from '\.\/([^']+)'/g)].flatMap(([, names = '', file = '']) =>
    names
      .split(',')
      .map((name) => name.replace(/\btype\b/, '').trim())
      .filter((name) => name !== '')
      .map((name) => ({ name, file: join('src', file) })),
  )
}

/** The sentence directly above a declaration; undefined where there is none. */
function docstringOf(name: string, file: string): string | undefined {
  const source = readFileSync(file, 'utf8')
  const again = new RegExp(`export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`).exec(source)
  if (again) return docstringOf(name, join(file, '..', again[1] ?? ''))
  const declared = new RegExp(
    `/\\*\\*((?:(?!\\*/).)*)\\*/\\n(?:export )?(?:abstract )?(?:declare )?(?:async )?(?:interface|type|class|const|function\\*?)\\s+${name}\\b`,
    's',
  )
  return declared.exec(source)?.[1]?.trim()
}

test('every public export says in its docstring what a caller needs', () => {
  const all = exports()
  const bare = all.filter(({ name, file }) => (docstringOf(name, file) ?? '').length < 20)
  expect(bare.map(({ name, file }) => `${name} (${file})`)).toEqual([])
  expect(all.length).toBeGreaterThan(60)
})
