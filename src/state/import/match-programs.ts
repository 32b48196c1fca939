import type { ProgramInfo } from '../../kernel/kernel.ts'
import type { Diagnostic } from '../../model/diagnostic.ts'
import { finding } from './codes.ts'
import type { Drafted, DraftedProgram } from './drafted.ts'
import type { Found } from './found.ts'

/** Which live program is which program of the objects. */
export interface ProgramMatches {
  /** By the live program's id. */
  readonly matched: ReadonlyMap<number, DraftedProgram>
  readonly findings: readonly Diagnostic[]
}

/**
 * Matches live programs with those of the objects: the kernel's tag must be that of the code that pinfold would load; of several
 * with one code the name decides, the kernel's (15 bytes) or the pin's.
 */
export function matchPrograms(found: Found, ids: readonly number[], drafted: Drafted): ProgramMatches {
  const matched = new Map<number, DraftedProgram>()
  const findings: Diagnostic[] = []
  for (const id of ids) {
    const info = found.program(id)
    if (!info) continue
    const match = matchProgram(info, found, drafted)
    if (typeof match === 'string') findings.push(unmatched(info, found, match))
    else matched.set(id, match)
  }
  return { matched, findings: [...findings, ...doubles(matched, found)] }
}

/** The program of an object, or why there is none. */
function matchProgram(info: ProgramInfo, found: Found, drafted: Drafted): DraftedProgram | string {
  const sameCode = drafted.programs.filter(({ tags }) => tags.includes(info.tag))
  const sameName = sameCode.filter(({ spec }) => spec.name.slice(0, longestName) === info.name)
  const samePin = sameCode.filter(({ spec, name }) =>
    baseNames(info, found).some((it) => it === spec.name || it === name),
  )
  const both = sameName.filter((program) => samePin.includes(program))
  for (const candidates of [both, sameName, samePin, sameCode]) {
    const [first] = candidates
    if (first && candidates.length === 1) return first
  }
  if (sameCode.length > 0) return `its code is that of ${sameCode.map(({ name }) => name).join(' and ')} alike`
  return whyOther(info, drafted)
}

const longestName = 15

const baseNames = ({ id }: ProgramInfo, found: Found): string[] =>
  found.pinsOf('program', id).map((path) => path.slice(path.lastIndexOf('/') + 1))

function whyOther(info: ProgramInfo, { programs, refused }: Drafted): string {
  const namesake = programs.find(({ spec }) => spec.name.slice(0, longestName) === info.name)
  if (namesake) {
    const { tags, object, name } = namesake
    return `its code is not that of ${name} in ${object.file.name}: its tag is ${info.tag}, the object's ${tags[0]}`
  }
  const reason = [...refused].find(([fn]) => fn.slice(0, longestName) === info.name)?.[1]
  return reason ? `the object's cannot be loaded here: ${reason}` : 'no object has a program of that name or code'
}

function unmatched(info: ProgramInfo, found: Found, why: string): Diagnostic {
  const isOther = why.startsWith('its code is not')
  const hint = isOther
    ? 'compiled from other source, by another compiler, or with other macros? name the object that it was loaded from'
    : 'name the object that it was loaded from with --object'
  const detail = `program ${describeProgram(info, found)} matches no object: ${why}.`
  return finding('P181', 'error', { detail, hint: `${hint}, or leave it out with --except ${exceptFor(info, found)}` })
}

/** `#41 (ingress) at /sys/fs/bpf/ingress`. */
export function describeProgram({ id, name }: Pick<ProgramInfo, 'id' | 'name'>, found: Found): string {
  const [path] = found.pinsOf('program', id)
  return `#${id} (${name})${path === undefined ? ', which has no pin' : ` at ${path}`}`
}

const exceptFor = ({ id }: ProgramInfo, found: Found): string => found.pinsOf('program', id)[0] ?? `'#${id}'`

/** An object that was loaded twice: which of the two the stack should be nobody can tell. */
function doubles(matched: ReadonlyMap<number, DraftedProgram>, found: Found): Diagnostic[] {
  const first = new Map<DraftedProgram, number>()
  return [...matched].flatMap(([id, program]) => {
    const other = first.get(program)
    if (other === undefined) first.set(program, id)
    if (other === undefined) return []
    const [one, two] = [other, id].map((it) =>
      describeProgram({ name: program.spec.name, ...found.program(it), id: it as ProgramInfo['id'] }, found),
    )
    const detail = `program ${one} and program ${two} are both ${program.name} of ${program.object.file.name}.`
    return [finding('P182', 'error', { detail, hint: 'import one of them: leave the other out with --except' })]
  })
}
