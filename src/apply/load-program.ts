import type { Fd } from '../kernel/kernel.ts'
import type { FdReference, ProgramLoad } from '../kernel/program-load.ts'
import { liveRef, type MapAddress, nextRef, type ProgramAddress } from '../model/address.ts'
import { PlanError } from '../model/errors.ts'
import type { LoadAttributes, MapReference } from '../model/program-spec.ts'
import type { ProgramState } from '../model/state.ts'
import type { SourcePlace } from '../model/verifier.ts'
import { sourcePlace } from '../object/programs/source-place.ts'
import type { ProgramRef } from '../plan/step.ts'
import { applyCodes } from './codes.ts'
import type { ApplyOptions, Execution } from './execution.ts'
import { mapRefOf, wantedProgram } from './wanted.ts'

/** What a load needs to know of its apply. */
export interface Loading extends Pick<Execution, 'kernel' | 'desired' | 'handles' | 'btf'> {
  readonly log?: ApplyOptions['verifierLog'] | undefined
}

/** Starts the verifier on a program, its references bound to the maps of this apply. */
export async function loadProgram(run: Loading, target: ProgramRef): Promise<Fd<'program'>> {
  const program = wantedProgram(run.desired, target)
  const { load, code, name, address, poisoned } = program
  if (!load || !code) {
    throw new PlanError(`cannot load ${address}: the desired state has no code of it`, { code: applyCodes.order.code })
  }
  const references = code.references.map((reference) => bind(run, reference))
  const named = new Set(code.references.map(({ map }) => map))
  const bound = program.maps.filter(isAddress).filter((map) => !named.has(map))
  using extended = openExtended(run, load.attachProgram)
  return await run.kernel.loadProgram({
    name,
    ...(extended && { attachProgram: extended.fd }),
    load,
    instructions: code.instructions,
    references,
    ...(bound.length > 0 && { bound: bound.map((map) => mapIn(run, map)) }),
    ...(poisoned ? { poisoned } : {}),
    ...(run.log && { log: run.log }),
    ...btfOf(run, program),
    locate: (instruction) => locate(run, program, instruction),
  })
}

function bind(run: Loading, { instruction, kind, map, offset, variables }: MapReference<MapAddress>): FdReference {
  const fd = mapIn(run, map)
  const start = variables === undefined ? 0 : run.kernel.arenaStart(fd, variables)
  return { instruction, kind, map: fd, offset: start + offset }
}

const isAddress = (map: ProgramState['maps'][number]): map is MapAddress => !map.startsWith('#')

const mapIn = ({ handles }: Loading, map: MapAddress): Fd<'map'> =>
  handles.map(mapRefOf(map, (ref) => handles.made(ref)))

interface Extended extends Disposable {
  readonly fd: Fd<'program'>
}

/** One of the stack stays open with its handle; one that is pinned elsewhere is closed again. */
function openExtended({ kernel, handles }: Loading, program: LoadAttributes['attachProgram']): Extended | undefined {
  if (program === undefined) return undefined
  if (program.startsWith('/')) {
    const fd = kernel.openPin(program)
    if (fd.kind === 'program') return { fd: fd as Fd<'program'>, [Symbol.dispose]: () => fd[Symbol.dispose]() }
    fd[Symbol.dispose]()
    throw new PlanError(`cannot extend ${program}: a ${fd.kind} is pinned there`, { code: applyCodes.stale.code })
  }
  const address = program as ProgramAddress
  const ref = handles.made(nextRef(address)) ? nextRef(address) : liveRef(address)
  return { fd: handles.program(ref), [Symbol.dispose]: () => undefined }
}

function btfOf(run: Pick<Execution, 'btf'>, { object, debug }: ProgramState): Pick<ProgramLoad, 'btf'> {
  const fd = object !== undefined && debug ? run.btf.of(object) : undefined
  return fd && debug ? { btf: { fd, debug } } : {}
}

function locate({ desired, kernel }: Loading, program: ProgramState, instruction: number): SourcePlace {
  const { object, debug, functions = [] } = program
  const btf = object === undefined ? undefined : desired?.btf.get(object)
  return sourcePlace({ btf, debug, functions, byteOrder: kernel.identity.byteOrder, instruction })
}
