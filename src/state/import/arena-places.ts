import type { Kernel } from '../../kernel/kernel.ts'
import type { MapAddress } from '../../model/address.ts'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { MapReference } from '../../model/program-spec.ts'
import type { ProgramState } from '../../model/state.ts'
import { openOrGone } from '../open-or-gone.ts'
import { finding } from './codes.ts'

/** Live programs by their ids, as their objects declare them, and maps by address. */
interface Matched {
  readonly programs: ReadonlyMap<number, { readonly state: Pick<ProgramState, 'address' | 'code'> }>
  readonly maps: ReadonlyMap<MapAddress, number>
}

/**
 * Programs that look for an arena's variables elsewhere than code that is loaded now (P190): libbpf before 1.7 put them on its first
 * pages on every kernel. An arena that an upgrade keeps would have them where no new program looks.
 */
export function misplacedVariables(kernel: Kernel, { programs, maps }: Matched): Diagnostic[] {
  return [...programs].flatMap(([id, { state }]) =>
    [...arenasOf(state)].flatMap(([address, references]) => {
      const map = maps.get(address)
      if (map === undefined || isAsLoadedNow({ kernel, program: id, map }, references)) return []
      return [misplaced(`program #${id} (${state.address})`, `${address} (#${map})`)]
    }),
  )
}

type Reference = MapReference<MapAddress>

/** References to variables of arenas, by the arena. */
function arenasOf({ code }: Pick<ProgramState, 'code'>): ReadonlyMap<MapAddress, readonly Reference[]> {
  const found = new Map<MapAddress, Reference[]>()
  for (const reference of code?.references ?? []) {
    if (reference.variables !== undefined) found.set(reference.map, [...(found.get(reference.map) ?? []), reference])
  }
  return found
}

interface Pair {
  readonly kernel: Kernel
  readonly program: number
  readonly map: number
}

function isAsLoadedNow({ kernel, program, map }: Pair, references: readonly Reference[]): boolean {
  using arena = openOrGone(kernel, 'map', map)
  using code = openOrGone(kernel, 'program', program)
  const start = arena && kernel.arenaStart(arena, references[0]?.variables ?? 0)
  // Where they begin on the first page no loader has put them elsewhere.
  if (!arena || !code || start === 0 || start === undefined) return true
  return kernel.namesPlaces(code, arena, { start, offsets: references.map(({ offset }) => offset) })
}

const misplaced = (program: string, arena: string): Diagnostic =>
  finding('P190', 'error', {
    detail: `${program} does not look for the variables of ${arena} where pinfold, and libbpf since 1.7, has them on this kernel.`,
    hint: 'load the object anew with libbpf 1.7 or by pinfold, or leave the programs that use the arena out with --except',
  })
