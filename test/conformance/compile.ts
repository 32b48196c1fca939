import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** One way to compile a source. */
export interface Variant {
  readonly compiler: string
  readonly options: readonly string[]
}

/** A source and one way to compile it. */
export interface Job extends Variant {
  readonly source: string
}

/** A compiled object, or why the compiler refused the source. */
export type Compiled = Job & ({ readonly path: string } | { readonly refused: string })

const cache = resolve('build/conformance')

/**
 * Compiles what the cache does not have, two at a time and niced: the cache is keyed by all that the object depends on, but for the
 * system's headers, so it may be kept for good. The first lines of a source may say more: `// compile: FLAGS`, and `// link: UNIT.c`
 * for a second unit that `bpftool gen object` links to it.
 */
export async function compileAll(jobs: readonly Job[], bpftool: string): Promise<readonly Compiled[]> {
  mkdirSync(cache, { recursive: true })
  const results: Compiled[] = []
  const queue = jobs.entries()
  const work = async (): Promise<void> => {
    for (const [index, job] of queue) results[index] = await compile(job, bpftool)
  }
  await Promise.all([work(), work()])
  return results
}

async function compile(job: Job, bpftool: string): Promise<Compiled> {
  const parts = partsOf(job.source)
  const directory = join(cache, (await keyOf(job, parts)).slice(0, 24))
  const path = join(directory, `${basename(job.source).replace(/\.bpf\.c$/, '')}.bpf.o`)
  const refusal = join(directory, 'refused')
  if (existsSync(path)) return { ...job, path }
  if (existsSync(refusal)) return { ...job, refused: readFileSync(refusal, 'utf8') }
  mkdirSync(directory, { recursive: true })
  try {
    await build(path, { job, parts, bpftool })
    return { ...job, path }
  } catch (error) {
    const refused = firstError(String((error as { stderr?: string }).stderr ?? error))
    writeFileSync(refusal, refused)
    return { ...job, refused }
  }
}

function partsOf(source: string): readonly string[] {
  const units = [...readFileSync(source, 'utf8').matchAll(/^\/\/ link: (.+)$/gm)]
  return [source, ...units.map(([, unit = '']) => join(dirname(source), unit))]
}

async function keyOf({ compiler, options, source }: Job, parts: readonly string[]): Promise<string> {
  const texts = parts.map((part) => readFileSync(part, 'utf8'))
  const all = [await versionOf(compiler), options, texts, headersOf(source)]
  return createHash('sha256').update(JSON.stringify(all)).digest('hex')
}

interface Build {
  readonly job: Job
  readonly parts: readonly string[]
  readonly bpftool: string
}

/** The object appears at its path when it is whole. */
async function build(path: string, { job, parts, bpftool }: Build): Promise<void> {
  const objects = parts.map((_, index) => `${path}.${index}`)
  for (const [index, part] of parts.entries()) await compileUnit(part, { job, out: `${path}.${index}` })
  if (parts.length > 1) await output(bpftool, ['gen', 'object', `${path}.linked`, ...objects])
  renameSync(parts.length > 1 ? `${path}.linked` : `${path}.0`, path)
}

async function compileUnit(part: string, { job, out }: { readonly job: Job; readonly out: string }): Promise<void> {
  const extra = /^\/\/ compile: (.+)$/m.exec(readFileSync(part, 'utf8'))?.[1]?.split(' ') ?? []
  const flags = ['-Wall', '-Wno-unused', '-target', 'bpf', ...job.options, ...extra, ...includes]
  await output('nice', [job.compiler, ...flags, '-c', basename(part), '-o', out], dirname(part))
}

// Those of the machine, where clang for BPF does not look by itself.
const includes = readdirSync('/usr/include')
  .filter((name) => name.endsWith('-linux-gnu'))
  .flatMap((name) => ['-idirafter', join('/usr/include', name)])

/** Headers beside the sources. */
const headersOf = (source: string): string[] =>
  readdirSync(dirname(source))
    .filter((name) => name.endsWith('.h'))
    .sort()
    .map((name) => readFileSync(join(dirname(source), name), 'utf8'))

const firstError = (stderr: string): string => {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /error/i.test(line)) ?? lines[0] ?? 'no message'
}

const versions = new Map<string, Promise<string>>()

function versionOf(compiler: string): Promise<string> {
  const version = versions.get(compiler) ?? output(compiler, ['--version'])
  versions.set(compiler, version)
  return version
}

const output = (program: string, args: readonly string[], cwd?: string): Promise<string> =>
  new Promise((resolved, rejected) => {
    execFile(program, args, { cwd, encoding: 'utf8' }, (error, stdout, stderr) =>
      error ? rejected(Object.assign(error, { stderr })) : resolved(stdout),
    )
  })
