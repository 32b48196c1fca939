import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadManifest } from '../../src/manifest/load.ts'
import { ManifestError } from '../../src/model/errors.ts'
import { brief, edge, minimal, valid } from './parse.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-manifest-'))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, text: string | Uint8Array): string {
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}

function failure(load: () => unknown): ManifestError {
  try {
    load()
  } catch (error) {
    if (error instanceof ManifestError) return error
    throw error
  }
  throw new Error('the manifest was taken')
}

test('a manifest is loaded from its file, and relative paths start in its directory', () => {
  const file = write('a.yaml', edge())
  expect(loadManifest(file)).toMatchObject({ file, directory, manifest: { name: 'edge' } })
})

test('an absent file is M009, and so are a directory and bytes that are not UTF-8', () => {
  for (const file of [
    join(directory, 'absent.yaml'),
    directory,
    write('latin1.yaml', Uint8Array.of(0x61, 0xe9, 0x0a)),
  ]) {
    expect(failure(() => loadManifest(file)).diagnostics.map(brief)).toEqual(['M009 1:1'])
  }
})

test('the error has every complaint, the code of the first, and names the file', () => {
  const file = write('wrong.yaml', minimal('mode: 5\nmap: {}\n'))
  const error = failure(() => loadManifest(file))
  expect(error.diagnostics.map(brief)).toEqual(['M011 3:7', 'M010 4:1'])
  expect(error.code).toBe('M011')
  expect(error.message).toContain(`cannot load ${file}: `)
  expect(error.diagnostics[0]?.at?.file).toBe(file)
})

test('files of variables win over the environment, later ones over earlier, and the command line over all', () => {
  const file = write('vars.yaml', edge('mode: ${A}\nowner: { uid: "${B}", gid: "${C}" }\n'))
  const variableFiles = [write('1.yaml', 'A: "0700"\nB: 1\n'), write('2.yaml', 'A: "0750"\n')]
  const environment = { PINFOLD_VAR_A: '0', PINFOLD_VAR_B: '2', PINFOLD_VAR_C: '3', C: '4' }
  expect(loadManifest(file, { variableFiles, environment }).manifest.ownership).toEqual({ mode: 0o750, uid: 1, gid: 3 })
  const variables = { B: '5' }
  expect(loadManifest(file, { variables, variableFiles, environment }).manifest.ownership).toMatchObject({ uid: 5 })
})

test('what is wrong in a file of variables is told with its own position', () => {
  const file = write('ok.yaml', edge())
  const variables = write('bad.yaml', 'A: 1\nB: [1]\nC:\n')
  const error = failure(() => loadManifest(file, { variableFiles: [variables, join(directory, 'none')] }))
  expect(error.diagnostics.map(({ at, code }) => [code, at?.file, at?.line])).toEqual([
    ['M011', variables, 2],
    ['M011', variables, 3],
    ['M009', join(directory, 'none'), 1],
  ])
})

test('the digest changes with the value of a variable, not with where it comes from', () => {
  const text = edge('maps: { a: { pinned: "/x/${A}" } }\n')
  const fromEnvironment = valid(text, { environment: { PINFOLD_VAR_A: 'm' } }).digest()
  expect(fromEnvironment).toMatch(/^[0-9a-f]{64}$/)
  expect(valid(text, { variables: { A: 'm' } }).digest()).toBe(fromEnvironment)
  expect(valid(text, { variables: { A: 'n' } }).digest()).not.toBe(fromEnvironment)
  expect(valid(text.replace('edge', 'edgy'), { variables: { A: 'm' } }).digest()).not.toBe(fromEnvironment)
})
