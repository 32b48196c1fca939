import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Diagnostic, Position } from '../model/diagnostic.ts'
import { ManifestError } from '../model/errors.ts'
import { check } from './check.ts'
import { complaint } from './codes.ts'
import type { VariableValue } from './interpolate.ts'
import type { Manifest } from './manifest.ts'
import { normalize } from './normalize.ts'
import { readTree, readVariables } from './read-tree.ts'
import type { Locate } from './source-tree.ts'
import { validate } from './validate.ts'
import { restored, type SavedVariable, type VariableSources } from './variables.ts'

/** A manifest that passed every check of its own; whether its objects hold what it names is for others to check. */
export interface LoadedManifest {
  /** The path as it was given. */
  readonly file: string
  /** Where relative paths start; absolute if loaded from a file. */
  readonly directory: string
  /** The normalised manifest: defaults filled in, sections as maps in the order of the text. */
  readonly manifest: Manifest
  /** SHA-256 of the text with its variables filled in, as hexadecimal text. */
  readonly digest: () => string
  /** Variables that it uses and that somebody gave, sorted by name. */
  readonly variables: readonly SavedVariable[]
  /**
   * The position of a key or value: `at(['maps', 'flows'])`. Without a part, a scalar's value and all else's key; for a
   * path that is not there, the position of the deepest part that is.
   */
  readonly at: Locate
}

/** Where variables come from, and where the stack will live; every field has a default. */
export interface LoadOptions {
  /** Variables given on the command line; each must be used or declared. They win over all others. */
  readonly variables?: Readonly<Record<string, string>>
  /** Files of variables (YAML, one mapping each); later ones win. */
  readonly variableFiles?: readonly string[]
  /** Where `PINFOLD_VAR_NAME` is looked up; nothing where absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Variables of a saved plan: with them, the sources above count for nothing. */
  readonly saved?: readonly SavedVariable[]
  /** The bpffs root that the stack will live in; `/sys/fs/bpf` where absent. */
  readonly bpffs?: string
}

/** Reads and checks a manifest. Throws a ManifestError with every complaint, sorted by position. */
export function loadManifest(file: string, options: LoadOptions = {}): LoadedManifest {
  const { bpffs } = options
  const unreadable: Diagnostic[] = []
  const sources = sourcesOf(options, unreadable)
  const text = readText(file, unreadable, 'name the manifest with -f; pinfold init OBJECT... writes a first one')
  if (text === undefined || unreadable.length > 0) throw failure(file, unreadable)
  const place = { file, directory: dirname(resolve(file)), ...(bpffs !== undefined && { bpffs }) }
  const result = parseManifest(text, { ...place, ...sources })
  if (result.kind === 'invalid') throw failure(file, result.diagnostics)
  return result.loaded
}

function sourcesOf(options: LoadOptions, unreadable: Diagnostic[]): VariableSources {
  const { variables = {}, variableFiles = [], environment = {}, saved } = options
  if (saved) return { fileVariables: new Map(saved.map((one) => [one.name, restored(one)])) }
  const fileVariables = new Map<string, VariableValue>()
  for (const each of variableFiles) {
    const { values, diagnostics } = readVariables(each, readText(each, unreadable) ?? '')
    for (const [name, value] of values) fileVariables.set(name, value)
    unreadable.push(...diagnostics)
  }
  return { variables, fileVariables, environment }
}

/** What a text does not say of itself. */
export interface ParseOptions extends VariableSources {
  /** For positions. */
  readonly file: string
  /** Where relative paths start; the file's directory where absent. */
  readonly directory?: string
  /** As in LoadOptions. */
  readonly bpffs?: string
}

/** A manifest, or all that is wrong with its text. */
export type ParsedManifest =
  | { readonly kind: 'valid'; readonly loaded: LoadedManifest }
  | { readonly kind: 'invalid'; readonly diagnostics: readonly Diagnostic[] }

/** Checks the text of a manifest: pure. Returns the manifest, or every complaint sorted by position. */
export function parseManifest(text: string, options: ParseOptions): ParsedManifest {
  const { file, directory = dirname(file), bpffs = '/sys/fs/bpf', ...sources } = options
  const read = readTree(file, text, sources)
  if (read.kind === 'invalid') return { kind: 'invalid', diagnostics: inOrder(read.diagnostics) }
  const { root, locate, digest, variables } = read.tree
  const diagnostics = [...read.diagnostics, ...validate(root, locate), ...check({ root, locate, bpffs })]
  if (diagnostics.length > 0) return { kind: 'invalid', diagnostics: inOrder(diagnostics) }
  return { kind: 'valid', loaded: { file, directory, manifest: normalize(root), digest, variables, at: locate } }
}

function readText(file: string, unreadable: Diagnostic[], ifMissing = readable): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    const detail = `${file} cannot be read: ${reasonOf(error)}.`
    const hint = (error as NodeJS.ErrnoException).code === 'ENOENT' ? ifMissing : readable
    unreadable.push(complaint('M009', { detail, hint, at: { file, line: 1, column: 1 } }))
    return undefined
  }
}

const readable = 'name a readable text file in UTF-8'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission is denied',
  EISDIR: 'it is a directory',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
}

function reasonOf(error: unknown): string {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException
  return reasons[code] ?? message
}

function failure(file: string, diagnostics: readonly Diagnostic[]): ManifestError {
  const [first] = diagnostics
  const count = diagnostics.length === 1 ? 'one mistake' : `${diagnostics.length} mistakes`
  const place = first?.at ? `, line ${first.at.line}` : ''
  return new ManifestError(`cannot load ${file}: ${count}${place}: ${first?.detail.replace(/\.$/, '')}`, diagnostics)
}

const inOrder = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  [...diagnostics].sort((a, b) => comparePositions(a.at, b.at))

function comparePositions(a: Position | undefined, b: Position | undefined): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0)
}
