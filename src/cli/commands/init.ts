import { dirname, resolve } from 'node:path'
import {
  type Diagnostic,
  type Draft,
  draftManifest,
  type LoadedManifest,
  ManifestError,
  openMemoryMachine,
  parseManifest,
  readCandidates,
  readObject,
} from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { pathFrom } from '../path-from.ts'
import { readBytes } from '../read-bytes.ts'
import { wish } from '../read-manifest.ts'
import { readObjectFile } from '../read-object-file.ts'
import { paintOf, say } from '../say.ts'
import { stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { type FirstManifest, renderFirstManifest } from '../views/first-manifest.ts'
import { writeNewFile } from '../write-new-file.ts'

/** Writes a first manifest for objects: everything in them, commented, nothing attached; without a kernel. */
export function init({ operands = [], options }: Invocation, terminal: Terminal): ExitCode {
  const draft = draftManifest(operands.map((file) => readObject(readObjectFile(file), file)))
  const { out } = options
  const file = resolve(out ?? 'pinfold.yaml')
  const stack = stackNamed(options.name ?? draft.objects[0]?.name ?? '')
  const files = new Map(draft.objects.map(({ name, file: path }) => [name, pathFrom(dirname(file), path.name)]))
  const text = makeText(draft, { stack, files, refused: new Map() }, file)
  const stage = { terminal, options }
  if (out === undefined) say(stage, { type: 'manifest', version: 1, stack, text }, text)
  else {
    writeNewFile(out, text)
    const next = `Look through it, then: pinfold plan -f ${out}\n`
    say(
      stage,
      { type: 'manifest', version: 1, stack, file: out, text },
      `${paintOf(stage)('green', 'Written:')} ${out}. ${next}`,
    )
  }
  return exitCodes.success
}

/** Programs that cannot be declared are commented out; the rest has to be valid as it is. */
function makeText(draft: Draft, first: FirstManifest, file: string): string {
  const kernel = openMemoryMachine().open()
  try {
    const world = { kernel, bpffs: '/sys/fs/bpf', readFile: readBytes }
    const { refused } = readCandidates(parse(renderFirstManifest(draft, first), file), world)
    const reasons = new Map(refused.map((one) => [one.address.slice('program.'.length), reasonOf(one)]))
    const text = renderFirstManifest(draft, { ...first, refused: reasons })
    wish(parse(text, file), { kernel, bpffs: world.bpffs, trustsForeign: true })
    return text
  } catch (error) {
    throw error instanceof ManifestError ? withoutPlaces(error) : error
  } finally {
    kernel.close()
  }
}

/** `cannot load program.x: it needs …` without its beginning, on one line; and what to write, where that would do. */
function reasonOf({ code, detail, hint }: Diagnostic): string {
  const reason = detail.replace(/^cannot [^:]*: /, '').replaceAll('\n', ' ')
  return code === 'M205' && hint !== undefined ? `${reason}: ${hint}` : reason
}

/** Nothing was written: a line of it would lead nowhere. */
const withoutPlaces = ({ diagnostics }: ManifestError): ManifestError =>
  new ManifestError(
    'cannot write one manifest for these objects',
    diagnostics.map(({ at: _, ...diagnostic }) => diagnostic),
  )

function parse(text: string, file: string): LoadedManifest {
  const parsed = parseManifest(text, { file })
  if (parsed.kind === 'valid') return parsed.loaded
  throw new ManifestError('cannot make a manifest of these objects', parsed.diagnostics)
}
