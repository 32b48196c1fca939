import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { sectionPatterns } from '../../src/object/section-names.ts'
import { libxdpPaths } from '../object/fixtures.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { bpftool } from './bpftool.ts'
import { compare } from './compare.ts'
import { compileAll, type Job, type Variant } from './compile.ts'
import { embeddedObjects } from './embedded.ts'
import { loadPairs, type Pair } from './load.ts'
import { isFailure, refusedRow, renderTable, rowOf, staleExceptions } from './table.ts'

// Observing each apply costs more than all the rest, and observe.py does so here.
vi.unmock('../../src/apply/apply.ts')

// `all`: every object in every way; `each`: every object in one.
const extent = process.env['PINFOLD_CONFORMANCE']
const isWhole = extent === 'all'
const only = process.env['PINFOLD_CONFORMANCE_OBJECTS'] ?? ''
const variants: readonly Variant[] = isWhole
  ? ['clang-14', 'clang-16', 'clang-19'].flatMap((compiler) =>
      ['-O1', '-O2'].flatMap((level) => ['-g', '-g0'].map((debug) => ({ compiler, options: [level, debug] }))),
    )
  : [{ compiler: 'clang-16', options: ['-O2', '-g'] }]
// What `npm test` has time for: one of each kind of object.
const quick = /^(code|core|data|btf|map|kconfig|ksyms|kfuncs)-|^section-(tc|xdp|cgroup-addresses|tracepoints)\./
const directory = 'test/conformance/objects'
const sources = readdirSync(directory)
  .sort()
  .filter((name) => name.endsWith('.bpf.c') && name.includes(only) && (extent !== undefined || quick.test(name)))
  .map((name) => `${directory}/${name}`)

describe.skipIf(!canTestLinux || bpftool === undefined)('what libbpf loads, pinfold loads', () => {
  test('the same code, maps and contents, and what libbpf refuses pinfold refuses', {
    timeout: 3_600_000,
  }, async () => {
    const jobs = variants.flatMap((variant) => sources.map((source): Job => ({ ...variant, source })))
    const compiled = await compileAll(jobs, bpftool ?? '')
    const objects = compiled.flatMap((one) => ('path' in one ? [one] : []))
    const foreign = [...libxdpPaths, ...(isWhole ? embeddedObjects() : [])]
      .filter((path) => path.includes(only))
      .map((path) => ({ source: path, path, compiler: 'Debian', options: [] }))
    const all = [...foreign, ...objects]
    const pairs = await loadInParts(all.map(({ path }) => path))
    const rows = all.map((one, index) => rowOf(one, compare(pairs[index] ?? { libbpf: {}, pinfold: {} })))
    rows.push(...compiled.flatMap((one) => ('refused' in one ? [refusedRow(one, one.refused)] : [])))
    const table = renderTable(rows)
    if (extent !== undefined) console.log(table)
    writeFileSync('build/conformance/table.txt', `${table}\n`)
    expect(rows.filter(isFailure)).toEqual([])
    if (isWhole && only === '') expect(staleExceptions(rows)).toEqual([])
  })
})

test('the objects have every row of the section table', () => {
  const texts = readdirSync(directory)
    .filter((name) => name.endsWith('.c'))
    .map((name) => readFileSync(join(directory, name), 'utf8'))
  const sections = texts.flatMap((text) => sectionsOf(text))
  const isThere = (pattern: string): boolean => {
    const stem = pattern.replace(/\+$/, '')
    return sections.some((section) => section === stem || (stem !== pattern && section.startsWith(`${stem}/`)))
  }
  expect(sectionPatterns.filter((pattern) => !isThere(pattern))).toEqual([])
})

const sectionsOf = (text: string): string[] => [
  ...[...text.matchAll(/(?:SEC|RETURNS)\("([^"]+)"/g)].map(([, section = '']) => section),
  ...[...text.matchAll(/^ON\((\w+)\)/gm)].map(([, name = '']) => `cgroup/${name}`),
]

/** A bpffs for each part: a plan looks at all that is loaded. */
async function loadInParts(paths: readonly string[]): Promise<readonly Pair[]> {
  const pairs: Pair[] = []
  const kernel = openLinuxKernel()
  try {
    for (let first = 0; first < paths.length; first += 50) {
      using host = openTestHost()
      const place = { kernel, bpffs: host.bpffs, directory: host.directory, bpftool: bpftool ?? '' }
      pairs.push(...(await loadPairs(place, paths.slice(first, first + 50))))
    }
  } finally {
    kernel.close()
  }
  return pairs
}
