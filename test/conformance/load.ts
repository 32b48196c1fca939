import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  apply,
  type DesiredState,
  emptyGraph,
  guardDesired,
  type Kernel,
  loadManifest,
  lockStack,
  ManifestError,
  makePlan,
  PinfoldError,
  type Plan,
  readCurrent,
  readDesired,
  readObject,
} from '../../src/index.ts'

/** What the kernel holds after a load, as observe.py tells it, or who refused what. */
export interface Loaded {
  readonly programs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly maps?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Only maps that a program uses, or that are pinned by name, could be looked at. */
  readonly partial?: boolean
  /** Sentences. */
  readonly refused?: string
}

/** Where things are loaded. */
export interface Place {
  readonly kernel: Kernel
  readonly bpffs: string
  /** For manifests. */
  readonly directory: string
  readonly bpftool: string
}

/** Both sides of one object. */
export interface Pair {
  readonly libbpf: Loaded
  readonly pinfold: Loaded
}

/** Loads each object by both, and lets the observer look. */
export async function loadPairs(place: Place, paths: readonly string[]): Promise<readonly Pair[]> {
  const refusals: (string | undefined)[] = []
  for (const [index, path] of paths.entries()) refusals.push(await loadByPinfold(place, `s${index}`, path))
  const requests = paths.flatMap((path, index) => [
    { load: path },
    { programs: `${place.bpffs}/s${index}/live/programs`, maps: `${place.bpffs}/s${index}/live/maps` },
  ])
  const answers = observe(place.bpftool, requests)
  return paths.map((_, index) => {
    const refused = refusals[index]
    return {
      libbpf: answers[2 * index] ?? {},
      pinfold: refused === undefined ? (answers[2 * index + 1] ?? {}) : { refused },
    }
  })
}

/** Undefined when it is loaded; else why not. */
async function loadByPinfold(
  { kernel, bpffs, directory }: Place,
  stack: string,
  path: string,
): Promise<string | undefined> {
  try {
    const file = join(directory, `${stack}.yaml`)
    writeFileSync(file, manifestOf(stack, path))
    const loaded = loadManifest(file, { bpffs })
    const desired = readDesired(loaded, { kernel, bpffs, readFile: readFileSync })
    const problems = guardDesired(desired)
    if (problems.length > 0) return problems.map(({ detail }) => detail).join('; ')
    using _lock = lockStack(kernel, `${bpffs}/${stack}`, { create: true })
    const plan = makePlan(readCurrent(kernel, { bpffs, stack, graph: emptyGraph }, desired), desired)
    const errors = plan.diagnostics.filter(({ severity }) => severity === 'error')
    return errors.length > 0 ? errors.map(({ detail }) => detail).join('; ') : await execute(kernel, plan, desired)
  } catch (error) {
    if (error instanceof ManifestError) return error.diagnostics.map(({ detail }) => detail).join('; ')
    if (error instanceof PinfoldError) return error.message
    throw error
  }
}

/** Every map, and every program but those of `?` sections: what bpftool loads. */
function manifestOf(stack: string, path: string): string {
  const { maps, programs } = readObject(readFileSync(path), path)
  const mapNames = maps.map(({ name }) => name.replace(/^\./, '').replaceAll('.', '_'))
  const programNames = programs.filter(({ autoload }) => autoload).map(({ name }) => name)
  const section = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]))
  return JSON.stringify({
    version: 1,
    name: stack,
    objects: { main: { file: path } },
    maps: section(mapNames),
    programs: section(programNames),
  })
}

async function execute(kernel: Kernel, plan: Plan, desired: DesiredState): Promise<string | undefined> {
  const events = apply(kernel, plan, desired)
  for (;;) {
    const { done, value } = await events.next()
    if (!done) continue
    return value.result === 'done' ? undefined : (value.problem?.message ?? value.result)
  }
}

type Request = { readonly load: string } | { readonly programs: string; readonly maps: string }

function observe(bpftool: string, requests: readonly Request[]): readonly Loaded[] {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('')
  const command = ['--mount', '--propagation', 'private', 'python3', join(import.meta.dirname, 'observe.py'), bpftool]
  const { status, stdout, stderr } = spawnSync('unshare', command, {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  })
  if (status !== 0) throw new Error(`observe.py ended with ${status}: ${stderr}`)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line): Loaded => JSON.parse(line))
}
