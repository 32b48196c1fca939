import {
  type Address,
  checkDirectory,
  emptyGraph,
  forgottenState,
  hasChanges,
  lockStack,
  makeForgetPlan,
  readCurrent,
} from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { OptionValues } from '../option-table.ts'
import { readManifest } from '../read-manifest.ts'
import { recoverFirst } from '../recover-first.ts'
import { approve, execute, refusalOf, type Stage, showPlan } from '../run-plan.ts'
import { openSession } from '../session.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

/** Takes objects out of a stack without touching them: their pins move out of its tree, and its record does not have them any more. */
export async function forget({ operands = [], options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const addresses = [...new Set(operands.map(addressOf))]
  const stack = stackOf(addresses, options, terminal)
  const to = options.to === undefined ? undefined : absolute(options.to)
  using session = await openSession(options)
  const { kernel, bpffs } = session
  const directory = `${bpffs}/${stack}`
  checkDirectory(kernel, { path: directory })
  if (kernel.bpffs.stat(directory) === undefined) throw noSuchStack(session, stack, 'forget anything of')
  using _lock = lockStack(kernel, directory)
  const stage: Stage = { kernel, options, terminal }
  const { situation, exitCode } = await recoverFirst(session, stack, stage)
  if (situation.recovery) return exitCode
  const wanted = forgottenState(readCurrent(kernel, { bpffs, stack, graph: emptyGraph }), { addresses, to })
  const current = readCurrent(kernel, { bpffs, stack }, wanted)
  const plan = makeForgetPlan(current, { addresses, to })
  showPlan(stage, plan)
  if (!hasChanges(plan)) return exitCode
  const refused = refusalOf(stage, plan)
  if (refused !== undefined) return refused
  // Awaited here: the lock and the session end with this function.
  return (await approve(stage, plan)) ? await execute(stage, plan, wanted) : exitCodes.error
}

function addressOf(text: string): Address {
  if (/^(map|program|link)\.[^./]+$/.test(text)) return text as Address
  throw new UsageError(`cannot forget ${text}: it is no address`, {
    code: 'C171',
    hint: 'an address is map.NAME, program.NAME or link.NAME; pinfold show lists the objects of a stack',
  })
}

function absolute(path: string): string {
  if (path.startsWith('/')) return path.replace(/\/+$/, '')
  throw new UsageError(`cannot pin at ${path}: it is not an absolute path`, {
    code: 'C172',
    hint: 'name a path on a bpffs, /sys/fs/bpf/...',
  })
}

/** By its name alone, or by a manifest, which then must not declare what is to be forgotten. */
function stackOf(addresses: readonly Address[], options: OptionValues, terminal: Terminal): string {
  if (options.stack !== undefined && options.file === undefined) return stackNamed(options.stack)
  const { manifest } = readManifest(options, terminal)
  const declared = new Set<string>([
    ...[...manifest.maps.keys()].map((name) => `map.${name}`),
    ...[...manifest.programs.keys()].map((name) => `program.${name}`),
    ...[...manifest.links.keys()].map((name) => `link.${name}`),
  ])
  const still = addresses.find((address) => declared.has(address))
  if (still === undefined) return options.stack === undefined ? manifest.name : stackNamed(options.stack)
  throw new UsageError(`cannot forget ${still}: the manifest declares it, so the next apply would make another one`, {
    code: 'C173',
    hint: 'remove it from the manifest first, and forget it before you apply that',
  })
}
