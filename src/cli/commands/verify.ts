import { resolve } from 'node:path'
import {
  type Candidates,
  type LoadedManifest,
  manifestOfObject,
  PinfoldError,
  readCandidates,
  readObject,
  type Verification,
  verify,
} from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { Session } from '../command-session.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readBytes } from '../read-bytes.ts'
import { readManifest } from '../read-manifest.ts'
import { readObjectFile } from '../read-object-file.ts'
import { paintOf, type Speaker } from '../say.ts'
import { openSession } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { isAccepted, type Report, renderReport, renderSummary, reportDocument } from '../views/verify.ts'

/** Has the kernel verify what manifests and objects declare; goes on after what is refused, and reports all of it. */
export async function verifyAll({ options, operands = [] }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const speaker: Speaker = { options, terminal }
  const started = performance.now()
  using session = await openSession(options)
  const reports: Report[] = []
  for (const file of operands.length > 0 ? operands : [options.file ?? 'pinfold.yaml']) {
    const report = await verifyFile(session, speaker, file)
    reports.push(report)
    if (!options.json) terminal.write(renderReport(report, paintOf(speaker)))
  }
  const ending = { ms: performance.now() - started, identity: session.kernel.identity }
  if (options.json) terminal.write(`${JSON.stringify(reportDocument(reports, ending))}\n`)
  else terminal.write(renderSummary(reports, { ...ending, paint: paintOf(speaker) }))
  return reports.every(isAccepted) ? exitCodes.success : exitCodes.error
}

async function verifyFile(session: Session, speaker: Speaker, file: string): Promise<Report> {
  try {
    const candidates = readCandidates(load(file, speaker), { ...session, readFile: readBytes })
    const refused = isObject(file) ? candidates.refused.map(({ at: _, ...rest }) => rest) : candidates.refused
    return { file, refused, ...(await judge(session, speaker, candidates)) }
  } catch (error) {
    // A file that cannot be used is a result like others: those behind it are still verified.
    if (!(error instanceof PinfoldError)) throw error
    return { file, refused: [], judgements: [], problems: [], diagnostics: [], error }
  }
}

function load(file: string, { options, terminal }: Speaker): LoadedManifest {
  if (!isObject(file)) return readManifest({ ...options, file }, terminal)
  return manifestOfObject(readObject(readObjectFile(file), file), resolve(file))
}

const isObject = (file: string): boolean => file.endsWith('.o')

async function judge(
  { kernel }: Session,
  { terminal, options }: Speaker,
  { desired }: Candidates,
): Promise<Verification> {
  const programs = [...desired.resources.values()].filter(({ kind }) => kind === 'program').length
  const shows = terminal.interactive && !options.json
  const judgements = verify(kernel, desired)
  for (let count = 1; ; count++) {
    if (shows && count <= programs) terminal.write(`${clearLine}verifying program ${count} of ${programs} …`)
    const { value, done } = await judgements.next()
    if (!done) continue
    if (shows) terminal.write(clearLine)
    return value
  }
}

const clearLine = '\r\x1b[K'
