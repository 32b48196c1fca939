import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readObject } from '../../src/object/read.ts'
import { noSandbox, Sandbox } from './sandbox.ts'

/** Objects that nobody here wrote: what Debian's libxdp1 installs. */
const directory = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/bpf`).find(existsSync)
/** Its programs trace a function whose name their loader fills in. */
const incomplete = ['xdpdump_bpf.o']
const files = directory === undefined ? [] : readdirSync(directory).filter((name) => name.endsWith('.o'))
const plain = files.filter((name) => !incomplete.includes(name))

describe.skipIf(files.length === 0 || noSandbox())('the objects of libxdp1', () => {
  const manifests = mkdtempSync(join(tmpdir(), 'pinfold-libxdp-'))
  let sandbox: Sandbox

  beforeAll(async () => {
    sandbox = await Sandbox.create()
  })
  afterAll(() => {
    sandbox[Symbol.dispose]()
    rmSync(manifests, { recursive: true })
  })

  test('14 of them make one stack: applied, nothing to do, destroyed', () => {
    expect(plain).toHaveLength(14)
    const manifest = write('libxdp', plain)
    expect(sandbox.pinfold('apply', '-f', manifest, '--auto-approve')).toMatchObject({ status: 0 })
    const shown = sandbox.show('libxdp')
    expect(shown.programs.length).toBeGreaterThanOrEqual(plain.length)

    const second = sandbox.pinfold('plan', '--json', '-f', manifest)
    expect(second.status).toBe(0)
    expect(JSON.parse(second.stdout)).toMatchObject({
      steps: [],
      total: { create: 0, update: 0, replace: 0, delete: 0 },
    })

    expect(sandbox.pinfold('destroy', '-f', manifest, '--auto-approve')).toMatchObject({ status: 0 })
    expect(sandbox.alive(shown)).toEqual([])
  })

  test.each(incomplete)('%s is adapted to this kernel, and refused for the function that it traces', (file) => {
    const { status, stdout } = sandbox.pinfold('apply', '--json', '--auto-approve', '-f', write('core', [file]))
    expect(status).toBe(1)
    expect(stdout).toContain('K105')
    expect(sandbox.run('ls', sandbox.bpffs).stdout).not.toContain('core')
  })

  /** A stack of all programs of the objects; names are those of the object and the function. */
  function write(stack: string, names: readonly string[]): string {
    const objects = names.map((name) => ({ name: objectName(name), path: join(directory ?? '', name) }))
    const lines = [
      'version: 1',
      `name: ${stack}`,
      'objects:',
      ...objects.map(({ name, path }) => `  ${name}: { file: ${path} }`),
      'programs:',
      ...objects.flatMap(({ name, path }) =>
        programsOf(path).map((program) => `  ${name}_${program}: { object: ${name}, function: ${program} }`),
      ),
    ]
    const file = join(manifests, `${stack}.yaml`)
    writeFileSync(file, `${lines.join('\n')}\n`)
    return file
  }
})

const objectName = (file: string): string => file.replace(/\.o$/, '').replaceAll(/[^A-Za-z0-9_-]/g, '_')

const programsOf = (path: string): readonly string[] =>
  readObject(new Uint8Array(readFileSync(path)), path)
    .programs.filter(({ type }) => type !== undefined)
    .map(({ name }) => name)
