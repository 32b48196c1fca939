import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readSnapshot } from '../read-snapshot.ts'
import { paintOf, printDocument } from '../say.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { errorDocument, renderError } from '../views/error.ts'
import {
  fleetDocument,
  type HostClass,
  type PlannedHost,
  renderClassHead,
  renderFleetMarkdown,
} from '../views/fleet.ts'
import { type PlanTask, planFor } from './plan-for.ts'
import { planKey } from './plan-key.ts'

/**
 * Plans for several hosts: one plan for each class of those for which the plan says the same. A host for which there is none does
 * not keep the others from theirs; the exit code is the worst.
 */
export async function planFleet(files: readonly string[], task: PlanTask): Promise<ExitCode> {
  const { options } = task.invocation
  if (options.out !== undefined) {
    throw new UsageError('cannot save one plan for several hosts', {
      code: 'C153',
      hint: 'plan against one snapshot for each plan that is to be applied',
    })
  }
  const hosts: PlannedHost[] = []
  for (const file of files) hosts.push(await planHost(file, task))
  const classes = classesOf(hosts)
  await show(classes, task)
  return worstOf(classes)
}

async function planHost(file: string, { invocation, terminal, plan }: PlanTask): Promise<PlannedHost> {
  const { host } = readSnapshot(file).kernel
  let text = ''
  const write = (more: string | Uint8Array): void => {
    text += Buffer.from(more).toString()
  }
  // The other properties may be getters.
  const silent: Terminal = Object.create(terminal, { write: { value: write }, warn: { value: () => undefined } })
  const { timings: _, format: __, ...options } = invocation.options
  const document = { ...invocation, options: { ...options, json: true as const } }
  try {
    const exitCode = await planFor(file, { invocation: document, terminal: silent, plan })
    return { file, host, exitCode, plan: JSON.parse(text) }
  } catch (error) {
    return { file, host, exitCode: exitCodes.error, error }
  }
}

function classesOf(hosts: readonly PlannedHost[]): HostClass[] {
  const classes = new Map<string, PlannedHost[]>()
  for (const host of hosts) {
    const key = planKey(host.plan ?? errorDocument(host.error))
    classes.set(key, [...(classes.get(key) ?? []), host])
  }
  // The largest first: what happens almost everywhere is read before what happens somewhere.
  return [...classes.values()]
    .flatMap(([first, ...others]) => (first ? [{ first, all: [first, ...others] }] : []))
    .sort((a, b) => b.all.length - a.all.length)
}

/** From the least to the worst. */
const severity: readonly ExitCode[] = [
  exitCodes.success,
  exitCodes.drift,
  exitCodes.changes,
  exitCodes.stale,
  exitCodes.blocked,
  exitCodes.error,
]

function worstOf(classes: readonly HostClass[]): ExitCode {
  const codes = new Set(classes.map(({ first }) => first.exitCode))
  return severity.findLast((code) => codes.has(code)) ?? exitCodes.success
}

async function show(classes: readonly HostClass[], task: PlanTask): Promise<void> {
  const { terminal, invocation } = task
  const { options } = invocation
  if (options.json) return printDocument(terminal, fleetDocument(classes, worstOf(classes)))
  if (options.format === 'markdown') return terminal.write(renderFleetMarkdown(classes))
  const paint = paintOf({ options, terminal })
  for (const [index, each] of classes.entries()) {
    terminal.write(`${index === 0 ? '' : '\n'}${renderClassHead(each, { index, of: classes.length, paint })}\n`)
    // Once more, in the words that were asked for.
    if (each.first.plan) await planFor(each.first.file, task)
    else terminal.write(renderError(each.first.error, paint))
  }
}
