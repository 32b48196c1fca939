import type { ProgramInfo } from '../kernel/kernel.ts'
import { type MapAddress, nameOf } from '../model/address.ts'
import type { Code } from '../model/program-spec.ts'
import type { RecordedProgram } from '../model/record.ts'
import type { ProgramState, TreePin } from '../model/state.ts'
import { base64Size, fromBase64 } from '../util/base64.ts'
import type { LiveTree } from './live-tree.ts'

/** Reads the live tree's programs; `maps` names the maps of the stack by id. */
export function readPrograms(live: LiveTree, maps: ReadonlyMap<number, MapAddress>): ProgramState[] {
  const programs: ProgramState[] = []
  for (const [i, pin] of live.tree.pins.entries()) {
    const info = live.infos[i]
    if (pin.kind === 'program' && info?.kind === 'program') programs.push(readProgram(live, maps, { pin, info }))
  }
  return programs
}

/** Somebody else's object, where an address would stand. */
export const foreignId = (id: number): `#${number}` => `#${id}`

interface PinnedProgram {
  readonly pin: TreePin & { readonly kind: 'program' }
  readonly info: ProgramInfo
}

function readProgram(
  live: LiveTree,
  maps: ReadonlyMap<number, MapAddress>,
  { pin, info }: PinnedProgram,
): ProgramState {
  const name = nameOf(pin.address)
  const recorded = live.rows.programs.get(name)
  const code = recorded && new RecordedCode(recorded)
  const pins = live.pinsOf.program.get(info.id) ?? [pin.path]
  return {
    kind: 'program',
    address: pin.address,
    name,
    load: recorded?.load,
    code,
    maps: info.mapIds.map((id) => maps.get(id) ?? foreignId(id)),
    live: recorded
      ? { id: info.id, pins, tag: info.tag, asRecorded: recorded.tags.includes(info.tag) }
      : { id: info.id, pins, tag: info.tag },
  }
}

/** Decoded when it is asked for: to show ten thousand programs nobody does. A class, since V8 shares nothing among accessors of literals. */
class RecordedCode implements Code<MapAddress> {
  readonly references: Code<MapAddress>['references']
  readonly #text: string
  #bytes: Uint8Array | undefined

  constructor({ instructions, references }: RecordedProgram) {
    this.references = references
    this.#text = instructions
  }

  get instructions(): Uint8Array {
    this.#bytes ??= fromBase64(this.#text)
    return this.#bytes
  }

  get size(): number {
    return base64Size(this.#text)
  }
}
