import type { MapAddress } from '../model/address.ts'
import type { Code, FunctionPlace } from '../model/program-spec.ts'
import type { DesiredState, ProgramState } from '../model/state.ts'
import type { SourceLine } from '../model/verifier.ts'
import type { ByteOrder } from '../object/cursor.ts'
import { disassemble, functionStarts } from '../object/disassembly/disassemble.ts'
import { lineReader } from '../object/programs/source-place.ts'
import { toHex } from '../util/hex.ts'
import type { CodeDifference, Hunk, HunkRange } from './difference.ts'
import { findHunks, type RawHunk } from './hunks.ts'
import { type NameOfKernel, namesIn } from './kernel-names.ts'

/** What programs are compared with. */
export interface CodeQuestion {
  readonly desired: Pick<DesiredState, 'btf'>
  readonly byteOrder: ByteOrder
}

/** How the code of two programs differs, one part; none where it does not, or where no record tells what is loaded. */
export function codeDifference(
  before: ProgramState,
  after: ProgramState,
  question: CodeQuestion,
): readonly CodeDifference[] {
  if (!before.code || !after.code) return []
  const { byteOrder } = question
  const functions = nameFunctions({ ...after, code: after.code }, byteOrder)
  const named = namesIn(disassemble(after.code, { byteOrder }), after.externs)
  const former = carryNames(before.code, { code: after.code, functions }, byteOrder)
  const old = linesOf(before.code, { byteOrder, functions: former, named })
  const wanted = linesOf(after.code, { byteOrder, functions, named })
  const found = findHunks(textsOf(old), textsOf(wanted))
  if (found?.length === 0) return []
  const instructions = { before: countOf(old), after: countOf(wanted) }
  if (!found) return [{ kind: 'code', instructions, hunks: [] }]
  const source = sourceOf(after, question)
  const hunks = found.map((hunk) => describeHunk(hunk, { old, wanted, functions, source }))
  const count = (mark: string): number => found.flatMap(({ lines }) => lines).filter((line) => line[0] === mark).length
  return [{ kind: 'code', instructions, lines: { removed: count('-'), added: count('+') }, hunks }]
}

/** One line of code: an instruction, or the name of a function. */
interface Line {
  /** Index of the first slot. */
  readonly instruction: number
  readonly text: string
  readonly isName?: true
}

interface LineOptions {
  readonly byteOrder: ByteOrder
  readonly functions: readonly FunctionPlace[]
  readonly named: NameOfKernel
}

/** Functions begin with their names, where there are several. */
function linesOf(code: Code<MapAddress>, { byteOrder, functions, named }: LineOptions): readonly Line[] {
  const names = new Map(functions.length > 1 ? functions.map(({ start, name }) => [start, name]) : [])
  return disassemble(code, { byteOrder, functions }).flatMap((line): Line[] => {
    const { instruction } = line
    const name = names.get(instruction)
    return [...(name === undefined ? [] : [{ instruction, text: `${name}:`, isName: true } as const]), named(line)]
  })
}

const textsOf = (lines: readonly Line[]): readonly string[] => lines.map(({ text }) => text)

const countOf = (lines: readonly Line[]): number => lines.filter(({ isName }) => !isName).length

interface Named {
  readonly code: Code
  readonly functions: readonly FunctionPlace[]
}

/** The functions that are called, by the names that they have in the object. */
function nameFunctions({ code, functions = [], name }: ProgramState & { readonly code: Code }, byteOrder: ByteOrder) {
  const known = new Map(functions.map((it) => [it.start, it.name]))
  return functionStarts(code, byteOrder).map((start, index) => ({
    start,
    name: known.get(start) ?? (index === 0 ? name : `function ${index}`),
  }))
}

/** The record keeps no names of functions: they go by the same code, and where there are as many of them, by their order. */
function carryNames(code: Code, wanted: Named, byteOrder: ByteOrder): readonly FunctionPlace[] {
  const starts = functionStarts(code, byteOrder)
  const isAsMany = starts.length === wanted.functions.length
  const bodies = new Map(
    bodiesOf(
      wanted.code,
      wanted.functions.map(({ start }) => start),
    ).map((body, i) => [body, i]),
  )
  return bodiesOf(code, starts).map((body, index) => {
    const same = index === 0 || isAsMany ? index : bodies.get(body)
    const name = same === undefined ? undefined : wanted.functions[same]?.name
    return { start: starts[index] ?? 0, name: name ?? `former function ${index}` }
  })
}

const bodiesOf = ({ instructions }: Code, starts: readonly number[]): string[] =>
  starts.map((start, index) =>
    toHex(instructions.subarray(start * 8, (starts[index + 1] ?? Number.POSITIVE_INFINITY) * 8)),
  )

interface LinesOfBoth {
  readonly old: readonly Line[]
  readonly wanted: readonly Line[]
}

interface HunkContext extends LinesOfBoth {
  readonly functions: readonly FunctionPlace[]
  readonly source: (instruction: number) => SourceLine | undefined
}

function describeHunk(hunk: RawHunk, context: HunkContext): Hunk {
  const { old, wanted, functions, source } = context
  const first = wanted[firstChanged(hunk)]?.instruction ?? wanted.at(-1)?.instruction ?? 0
  const name = functions.findLast(({ start }) => start <= first)?.name
  const line = source(first)
  return {
    before: rangeOf(hunk, old, { start: hunk.oldStart, other: '+' }),
    after: rangeOf(hunk, wanted, { start: hunk.newStart, other: '-' }),
    ...(name !== undefined && { function: name }),
    ...(line && { source: `${line.file}:${line.number}` }),
    lines: withSource(hunk, context),
  }
}

/** Of one side: all lines but those that only the other one has. */
function rangeOf(
  { lines }: RawHunk,
  side: readonly Line[],
  { start, other }: { readonly start: number; readonly other: string },
): HunkRange {
  const { instruction = 0 } = side[start] ?? side.at(-1) ?? {}
  return { instruction, count: lines.filter((line) => line[0] !== other).length }
}

/** Index of the first line that differs in the code afterwards. */
const firstChanged = ({ lines, newStart }: RawHunk): number =>
  newStart + lines.findIndex((line) => !line.startsWith(' '))

/** A line of source stands where the code that it was compiled to begins, or what goes of it. */
function withSource({ lines, newStart }: RawHunk, { wanted, source }: HunkContext): string[] {
  const texts: string[] = []
  let at = newStart
  let last = ''
  for (const line of lines) {
    const { instruction, isName } = wanted[at] ?? {}
    const found = instruction === undefined || isName ? undefined : source(instruction)
    const text = found ? `;${found.text} @ ${found.file}:${found.number}` : last
    if (text !== last) texts.push(text)
    last = text
    texts.push(line)
    if (!line.startsWith('-')) at++
  }
  return texts
}

function sourceOf({ object, debug }: ProgramState, { desired, byteOrder }: CodeQuestion): HunkContext['source'] {
  const btf = object === undefined ? undefined : desired.btf.get(object)
  return lineReader({ btf, debug, byteOrder })
}
