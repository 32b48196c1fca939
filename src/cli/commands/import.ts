import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  type CurrentState,
  checkDirectory,
  draftManifest,
  hasChanges,
  type ImportSurvey,
  type LoadedManifest,
  lockStack,
  ManifestError,
  makePlan,
  type ObjectFile,
  PlanError,
  parseManifest,
  planRecovery,
  type RecoveryPlan,
  readCurrent,
  readImported,
  readObject,
  surveyImport,
} from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { Session } from '../command-session.ts'
import { converge, recover } from '../converge.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { pathFrom } from '../path-from.ts'
import { readBytes } from '../read-bytes.ts'
import { originOf, readManifest, wish } from '../read-manifest.ts'
import { readObjectFile } from '../read-object-file.ts'
import type { Stage } from '../run-plan.ts'
import { paintOf, say } from '../say.ts'
import { openSession } from '../session.ts'
import { stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { findingsDocument, hasErrors, renderFindings } from '../views/findings.ts'
import { renderImportedManifest } from '../views/imported-manifest.ts'
import { writeNewFile } from '../write-new-file.ts'

/**
 * Makes a stack of what others have loaded, pinned and attached, without touching it: writes its manifest and pins everything a
 * second time, in the stack's tree. An import that was killed is finished.
 */
export async function importStack({ operands = [], options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const files = readObjects(options.object ?? [], operands)
  const stack = stackNamed(options.name ?? draftManifest(files).objects[0]?.name ?? '')
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const directory = `${bpffs}/${stack}`
  const paths = operands.map((path) => resolve(path))
  refuseOwnDirectory(directory, paths)
  checkDirectory(kernel, { path: directory })
  using _lock = lockStack(kernel, directory, { create: true })
  const stage = { kernel, options, terminal }
  const { situation, exitCode } = await recover(() => readPlace(session, stack), stage)
  if (situation.recovery) return exitCode
  const { current } = situation
  const task = { session, stage, stack, paths, files, out: options.out ?? 'pinfold.yaml', current }
  // Awaited here: the lock and the session end with this function.
  return current.record ? confirmImported(task) : await takeIn(task)
}

interface Task {
  readonly session: Session
  readonly stage: Stage
  readonly stack: string
  readonly paths: readonly string[]
  readonly files: readonly ObjectFile[]
  /** The manifest to write. */
  readonly out: string
  readonly current: CurrentState
}

function readObjects(names: readonly string[], paths: readonly string[]): readonly ObjectFile[] {
  if (names.length > 0) return names.map((name) => readObject(readObjectFile(name), name))
  throw new UsageError(`cannot import ${paths.join(', ')}: no object file is given`, {
    code: 'C182',
    hint: 'add --object FILE for each object file that the programs were loaded from: only by its code is a program known',
  })
}

function refuseOwnDirectory(directory: string, paths: readonly string[]): void {
  const own = paths.find((path) => `${path}/`.startsWith(`${directory}/`))
  if (own === undefined) return
  throw new PlanError(`cannot import ${own}: it lies in ${directory}, which the new stack is to own`, {
    code: 'P188',
    hint: 'give the stack another name with --name',
  })
}

interface PlaceSituation {
  readonly current: CurrentState
  readonly recovery: RecoveryPlan | undefined
}

function readPlace({ kernel, bpffs }: Session, stack: string): PlaceSituation {
  const current = readCurrent(kernel, { bpffs, stack })
  return { current, recovery: planRecovery(current) }
}

/** A second import of the same, or the end of one that was killed: nothing may be left to do. */
function confirmImported({ session, stage, stack, out }: Task): ExitCode {
  const { kernel, bpffs } = session
  if (existsSync(out)) {
    const loaded = readManifest({ ...stage.options, file: out }, stage.terminal)
    const desired = wish(loaded, session)
    const current = readCurrent(kernel, { bpffs, stack }, desired)
    if (desired.stack === stack && !hasChanges(makePlan(current, desired))) {
      say(stage, { type: 'nothing', version: 1, stack }, `Imported already: ${stack} is as ${out} says.\n`)
      return exitCodes.success
    }
  }
  throw new PlanError(`cannot import ${stack}: there is a stack of that name already`, {
    code: 'P188',
    hint: `pinfold show ${stack} tells what it has; give the new stack another name with --name`,
  })
}

async function takeIn(task: Task): Promise<ExitCode> {
  const { session, stage, stack, paths, files, out } = task
  const { kernel, bpffs, btf } = session
  const except = (stage.options.except ?? []).map((it) => (it.startsWith('#') ? it : resolve(it)))
  const survey = surveyImport(kernel, {
    bpffs,
    paths,
    except,
    files,
    readFile: readBytes,
    btf,
    places: await kernel.places(),
  })
  const text = renderImportedManifest(survey, { stack, files: relativeTo(out, survey) })
  const view = { stack, out, survey, text }
  say(stage, findingsDocument(view), renderFindings(view, paintOf(stage)))
  if (hasErrors(survey)) return exitCodes.error
  refuseOther(out, text)
  const loaded = parse(text, { out, bpffs })
  const desired = { ...wish(loaded, session), imports: survey.imports }
  const current = readImported(kernel, { bpffs, stack }, desired)
  const beforeRun = async (): Promise<boolean> => {
    if (!existsSync(out)) writeNewFile(out, text)
    return true
  }
  return await converge(current, desired, { ...stage, origin: originOf(loaded, session), beforeRun })
}

const relativeTo = (out: string, { objects }: ImportSurvey): ReadonlyMap<string, string> =>
  new Map(objects.map(({ name, file }) => [name, pathFrom(dirname(resolve(out)), file.name)]))

/** What an import that was killed wrote is as good as new. */
function refuseOther(out: string, text: string): void {
  if (!existsSync(out) || readFileSync(out, 'utf8') === text) return
  writeNewFile(out, text)
}

function parse(text: string, { out, bpffs }: { readonly out: string; readonly bpffs: string }): LoadedManifest {
  const parsed = parseManifest(text, { file: out, directory: dirname(resolve(out)), bpffs })
  if (parsed.kind === 'valid') return parsed.loaded
  throw new ManifestError('cannot write a manifest for what was found', parsed.diagnostics)
}
