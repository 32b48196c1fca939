import { resolve } from 'node:path'
import {
  type Candidates,
  type Diagnostic,
  type Judgement,
  type LoadedManifest,
  madeUpSizes,
  manifestOfObject,
  PinfoldError,
  readCandidates,
  readObject,
  verify,
} from '../../index.ts'
import { sinceStart } from '../../util/clock.ts'
import type { Invocation } from '../arguments.ts'
import type { Session } from '../command-session.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { LogFile, logExtent } from '../log-file.ts'
import { readBytes } from '../read-bytes.ts'
import { readManifest } from '../read-manifest.ts'
import { readObjectFile } from '../read-object-file.ts'
import { paintOf, printDocument, type Speaker } from '../say.ts'
import { openSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { openTimings, type Timings } from '../timings.ts'
import { isAccepted, type Report, renderReport, renderSummary, reportDocument } from '../views/verify.ts'

/** Has the kernel verify what manifests and objects declare; goes on after what is refused, and reports all of it. */
export async function verifyAll({ options, operands = [] }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const speaker: Speaker = { options, terminal }
  const started = sinceStart()
  using timings = openTimings(speaker)
  using session = await openSession(options, timings)
  const run: Run = { session, speaker, timings, logs: new LogFile(speaker) }
  const reports: Report[] = []
  for (const file of operands.length > 0 ? operands : [options.file ?? 'pinfold.yaml']) {
    const report = await verifyFile(run, file)
    reports.push(report)
    if (!options.json) terminal.write(renderReport(report, paintOf(speaker)))
  }
  const ending = { ms: sinceStart() - started, identity: session.kernel.identity }
  if (options.json) printDocument(terminal, reportDocument(reports, ending))
  else terminal.write(renderSummary(reports, { ...ending, paint: paintOf(speaker) }))
  return reports.every(isAccepted) ? exitCodes.success : exitCodes.error
}

interface Run {
  readonly session: Session
  readonly speaker: Speaker
  readonly timings: Timings
  readonly logs: LogFile
}

async function verifyFile(run: Run, file: string): Promise<Report> {
  try {
    const { loaded, made } = run.timings.measure(isObject(file) ? 'objects' : 'manifest', () => load(file, run.speaker))
    const candidates = readCandidates(loaded, { ...run.session, readFile: readBytes })
    const refused = isObject(file) ? candidates.refused.map(({ at: _, ...rest }) => rest) : candidates.refused
    const judged = await run.timings.measureAsync('verify', () => judge(run, file, candidates))
    return { file, refused, ...judged, diagnostics: [...made, ...judged.diagnostics] }
  } catch (error) {
    // A file that cannot be used is a result like others: those behind it are still verified.
    if (!(error instanceof PinfoldError)) throw error
    return { file, refused: [], judgements: [], problems: [], diagnostics: [], error }
  }
}

interface Loaded {
  readonly loaded: LoadedManifest
  /** What was made up where the object leaves it open. */
  readonly made: readonly Diagnostic[]
}

function load(file: string, { options, terminal }: Speaker): Loaded {
  if (!isObject(file)) return { loaded: readManifest({ ...options, file }, terminal), made: [] }
  const object = readObject(readObjectFile(file), file)
  return { loaded: manifestOfObject(object, resolve(file)), made: madeUpSizes(object) }
}

/** A source is told to be no object, rather than to be no YAML. */
const isObject = (file: string): boolean => /\.[oc]$/.test(file)

async function judge(
  { session, speaker, timings, logs }: Run,
  file: string,
  { desired }: Candidates,
): Promise<Omit<Report, 'file' | 'refused'>> {
  const programs = [...desired.resources.values()].filter(({ kind }) => kind === 'program').length
  const show = showing(speaker)
  const judgements: Judgement[] = []
  const events = verify(session.kernel, desired, { verifierLog: logExtent(speaker.options) })
  for (;;) {
    if (judgements.length < programs) show(`verifying program ${judgements.length + 1} of ${programs} …`)
    const { value, done } = await events.next()
    if (!done) {
      timings.judged(value)
      judgements.push(keepLog(value, file, logs))
    } else {
      show('')
      return { judgements, ...value }
    }
  }
}

/** Writes a program's log, and lets go of it: the next one may be as large. */
function keepLog(judgement: Judgement, file: string, logs: LogFile): Judgement {
  if (judgement.result === 'accepted') return judgement
  const { log, ...problem } = judgement.problem
  if (log) logs.add(log, `${file}, ${judgement.address}`)
  return { ...judgement, problem }
}

/** Shows a line that the next one replaces, where somebody looks. */
function showing({ terminal, options }: Speaker): (line: string) => void {
  const shows = terminal.interactive && !options.json
  return (line) => {
    if (shows) terminal.write(`\r\x1b[K${line}`)
  }
}
