import type { Fd, ProgramLoad } from '../kernel/kernel.ts'
import { PlanError } from '../model/errors.ts'
import type { ProgramState } from '../model/state.ts'
import type { ProgramRef } from '../plan/step.ts'
import { applyCodes } from './codes.ts'
import type { Execution } from './execution.ts'
import { mapRefOf, wantedProgram } from './wanted.ts'

/** Starts the verifier on a program, its references bound to the maps of this apply. */
export async function loadProgram(
  run: Pick<Execution, 'kernel' | 'desired' | 'handles' | 'btf'>,
  target: ProgramRef,
): Promise<Fd<'program'>> {
  const program = wantedProgram(run.desired, target)
  const { load, code, name, address, poisoned } = program
  if (!load || !code) {
    throw new PlanError(`cannot load ${address}: the desired state has no code of it`, { code: applyCodes.order.code })
  }
  const references = code.references.map(({ instruction, kind, map, offset }) => ({
    instruction,
    kind,
    map: run.handles.map(mapRefOf(map, (ref) => run.handles.made(ref))),
    offset,
  }))
  return await run.kernel.loadProgram({
    name,
    load,
    instructions: code.instructions,
    references,
    ...(poisoned ? { poisoned } : {}),
    ...btfOf(run, program),
  })
}

function btfOf(run: Pick<Execution, 'btf'>, { object, debug }: ProgramState): Pick<ProgramLoad, 'btf'> {
  const fd = object !== undefined && debug ? run.btf.of(object) : undefined
  return fd && debug ? { btf: { fd, debug } } : {}
}
