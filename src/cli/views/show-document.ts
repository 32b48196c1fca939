import { type CurrentState, type LinkState, type MapState, nameOf, type ProgramState } from '../../index.ts'
import { idOf, pinsElsewhere, pinsOfMaps, strangersIn } from './held.ts'

/** A live stack as a document; fields that bpftool has too bear its names and hold what it prints. */
export function stackDocument(stack: CurrentState): object {
  const all = [...stack.resources.values()]
  const holders = pinsOfMaps(stack)
  return {
    name: stack.stack,
    directory: stack.directory,
    generation: stack.generation,
    phase: stack.record?.phase ?? null,
    ...(stack.record?.awaits ? { awaits: stack.record.awaits } : {}),
    maps: all.filter((it) => it.kind === 'map').map((it) => mapDocument(it, stack, holders)),
    programs: all.filter((it) => it.kind === 'program').map((it) => programDocument(it, stack)),
    links: all.filter((it) => it.kind === 'link').map((it) => linkDocument(it, stack)),
    trees: stack.trees.map(({ name, record, pins }) => ({
      name,
      generation: record?.generation ?? null,
      pins: pins.length,
    })),
    pins_elsewhere: pinsElsewhere(stack).map(({ path, address, id, isOwn }) => ({
      path,
      target: address,
      id: id ?? null,
      as_recorded: isOwn,
    })),
    foreign: strangersIn(stack).map(({ path, what }) => ({ path: `${stack.directory}/${path}`, what })),
  }
}

function mapDocument(map: MapState, stack: CurrentState, holders: ReturnType<typeof pinsOfMaps>): object {
  const { shape, live, contents } = map
  return {
    id: live?.id,
    address: map.address,
    name: map.name,
    type: shape.type,
    flags: shape.flags,
    bytes_key: shape.keySize,
    bytes_value: shape.valueSize,
    max_entries: shape.maxEntries,
    owner: map.owner,
    ...(map.foreignPath === undefined ? {} : { foreign_path: map.foreignPath }),
    pinned: absolute(stack, live?.pins ?? []),
    held_by: absolute(stack, holders.get(live?.id ?? 0) ?? []),
    ...(contents.kind === 'slots' || contents.kind === 'inner' ? { slots: slotDocuments(contents.slots, stack) } : {}),
  }
}

const slotDocuments = (slots: ReadonlyMap<number, string>, stack: CurrentState): object[] =>
  [...slots].map(([index, target]) => ({ index, ...targetDocument(target, stack) }))

function programDocument(program: ProgramState, stack: CurrentState): object {
  const { live, load, code } = program
  return {
    id: live?.id,
    address: program.address,
    name: nameOf(program.address),
    type: load?.type ?? null,
    ...(load?.attachType === undefined ? {} : { attach_type: load.attachType }),
    tag: live?.tag,
    instructions: code ? code.instructions.length / 8 : null,
    map_ids: program.maps.map((map) => idOf(stack, map)),
    maps: program.maps,
    as_recorded: live?.asRecorded ?? null,
    pinned: absolute(stack, live?.pins ?? []),
  }
}

function linkDocument(link: LinkState, stack: CurrentState): object {
  const { live, target } = link
  return {
    id: live?.id,
    address: link.address,
    // The kernel makes a perf event link of a tracepoint.
    type: target.kind === 'tracepoint' ? 'perf_event' : target.kind,
    prog_id: idOf(stack, link.program),
    program: link.program,
    target,
    severed: live?.severed ?? false,
    pinned: absolute(stack, live?.pins ?? []),
  }
}

const targetDocument = (target: string, stack: CurrentState): object => ({ target, id: idOf(stack, target) })

const absolute = ({ directory }: CurrentState, paths: readonly string[]): string[] =>
  paths.map((path) => (path.startsWith('/') ? path : `${directory}/${path}`))
