import {
  type CurrentState,
  checkDirectory,
  type Drift,
  emptyGraph,
  findDrift,
  listStacks,
  readCurrent,
  readRecord,
  readTraces,
} from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { Session } from '../command-session.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readManifest } from '../read-manifest.ts'
import { paintOf, say } from '../say.ts'
import { type OpenKernel, openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { driftDocument, renderDrift } from '../views/drift.ts'

/** `plan --drift-only`: what differs from what was last applied, by the record alone; a manifest only names the stack. */
export async function showDrift(
  invocation: Invocation,
  terminal: Terminal,
  openKernel?: OpenKernel,
): Promise<ExitCode> {
  const { operand, options } = invocation
  refuseOthers(invocation)
  const stack = operand === undefined ? readManifest(options, terminal).manifest.name : stackNamed(operand)
  using session = await openSession(options, undefined, openKernel)
  const { kernel, bpffs } = session
  checkDirectory(kernel, { path: bpffs })
  const isThere = kernel.bpffs.stat(`${bpffs}/${stack}`) !== undefined
  if (!isThere && operand !== undefined) throw noSuchStack(session, stack, 'look for drift of')
  const current = readCurrent(kernel, { bpffs, stack, graph: emptyGraph })
  const drift = isThere ? findDrift(current) : findMoved(session, current)
  const traces = readTraces(kernel, current, { drift, now: Date.parse(terminal.stamp().time) })
  const found = drift.map((it, i) => ({ ...it, by: traces[i] ?? [] }))
  const exitCode = drift.length > 0 ? exitCodes.drift : exitCodes.success
  const report = { current, drift: found, identity: kernel.identity, exitCode }
  say({ options, terminal }, driftDocument(report), renderDrift(report, paintOf({ options, terminal })))
  return exitCode
}

function refuseOthers({ operand, options }: Invocation): void {
  if (!options['drift-only']) {
    throw new UsageError(`cannot plan ${operand}: a plan is made from a manifest`, {
      code: 'C170',
      hint: `name the manifest with -f; pinfold plan --drift-only ${operand} compares with the record`,
    })
  }
  const other = (['out', 'steps', 'diff', 'adopt', 'btf', 'deny', 'warn', 'confirm'] as const).find(
    (name) => options[name] !== undefined,
  )
  const name = other ?? (options.format === 'markdown' ? 'format markdown' : undefined)
  if (name === undefined) return
  throw new UsageError(`cannot run plan --drift-only: --${name} is about what a manifest wants`, {
    code: 'C170',
    hint: `leave out --${name}, or --drift-only: a plan tells drift apart, too`,
  })
}

/** A directory of another name whose record says that it is this stack's. */
function findMoved({ kernel, bpffs }: Session, { stack }: CurrentState): Drift[] {
  const names = listStacks(kernel, bpffs).filter((name) => {
    const path = `${bpffs}/${name}/live/record`
    return kernel.bpffs.stat(path) !== undefined && readRecord(kernel, path)?.stack === stack
  })
  return names.map((name) => ({
    kind: 'moved',
    path: `${bpffs}/${name}`,
    because: [{ attribute: 'stack', before: stack, after: name }],
  }))
}
