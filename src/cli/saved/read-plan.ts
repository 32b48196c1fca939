import { readFileSync } from 'node:fs'
import { isConfirmTime } from '../confirm-option.ts'
import { whyUnreadable } from '../file-reason.ts'
import { isManifest, nameManifest } from '../manifest-argument.ts'
import { isSealed } from '../seal.ts'
import { UsageError } from '../usage-error.ts'
import type { PlanDocument } from '../views/plan-document.ts'

/**
 * Reads a plan that was saved (or that `plan --json` printed). Throws a UsageError: C130 for anything else, C132 for a plan
 * of a version that this pinfold does not know, C131 where the plan was changed since.
 */
export function readPlan(file: string): PlanDocument {
  const json = parse(file, readText(file))
  if (json['type'] !== 'plan') throw noPlan(file, 'it is no plan that pinfold saved')
  if (json['version'] !== 1) throw unknownVersion(file, json['version'])
  if (!isPlan(json)) throw noPlan(file, 'it is not a whole plan')
  if (!isSealed(json)) throw tampered(file)
  return json
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw noPlan(file, whyUnreadable(cause), cause)
  }
}

type Json = Readonly<Record<string, unknown>>

function parse(file: string, text: string): Json {
  try {
    const json: unknown = JSON.parse(text)
    return isObject(json) ? json : {}
  } catch (cause) {
    throw noPlan(
      file,
      text.trimStart().startsWith('{') ? 'it is damaged, or only a part of a plan' : 'it is no JSON',
      cause,
    )
  }
}

const noPlan = (file: string, why: string, cause?: unknown): UsageError =>
  new UsageError(`cannot use ${file} as a plan: ${why}`, {
    code: 'C130',
    hint: adviceOn(file, cause),
    cause,
  })

function adviceOn(file: string, cause: unknown): string {
  if (isDirectory(cause)) return 'a stack goes by its name, without its path'
  return isManifest(file) ? nameManifest('apply', file) : 'pinfold plan --out FILE saves one'
}

const isDirectory = (cause: unknown): boolean => (cause as NodeJS.ErrnoException | undefined)?.code === 'EISDIR'

const unknownVersion = (file: string, version: unknown): UsageError =>
  new UsageError(
    `cannot use ${file} as a plan: this pinfold does not know version ${JSON.stringify(version)} of plans`,
    {
      code: 'C132',
      hint: 'use the pinfold that saved it, or plan again',
    },
  )

const tampered = (file: string): UsageError =>
  new UsageError(`cannot trust ${file}: somebody has changed it since pinfold saved it`, {
    code: 'C131',
    hint: 'plan again, and look at what it shows',
  })

/** What is asked before the seal is looked at: enough that whoever wrote a seal of his own gets a sentence, too. */
function isPlan(json: Json): json is Json & PlanDocument {
  const { envelope } = json
  return (
    hasTexts(json, texts) &&
    hasRows(json, rows) &&
    (json['changes'] as readonly Json[]).every(({ because }) => Array.isArray(because)) &&
    objects.every((field) => isObject(json[field])) &&
    (json['confirmWithin'] === undefined || isConfirmTime(json['confirmWithin'])) &&
    isObject(envelope) &&
    isObject(envelope['host']) &&
    hasTexts(envelope, ['nonce', 'time', 'bpffs']) &&
    hasRows(envelope, envelopeRows)
  )
}

const texts = ['action', 'stack', 'directory'] as const
const objects = ['generation', 'existing', 'ledger', 'kernel', 'total'] as const
/** Lists, and the texts in each row of them. */
const rows = {
  changes: ['action', 'address'],
  steps: ['kind', 'phase'],
  preconditions: ['kind'],
  diagnostics: ['severity', 'code', 'summary', 'detail'],
} as const
const envelopeRows = { variables: ['name'], objects: ['name', 'file', 'digest'] } as const

const hasTexts = (json: Json, fields: readonly string[]): boolean =>
  fields.every((field) => typeof json[field] === 'string')

const hasRows = (json: Json, lists: Readonly<Record<string, readonly string[]>>): boolean =>
  Object.entries(lists).every(([field, fields]) => {
    const list = json[field]
    return Array.isArray(list) && list.every((row) => isObject(row) && hasTexts(row, fields))
  })

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
