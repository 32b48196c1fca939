import type { SystemGraph } from '../model/graph.ts'

/**
 * The part of the system that is connected with some of its objects (`map#12`, `program#7`) over uses, slots and inner
 * maps, in either direction. On a host with ten thousand maps of others a proof is about a few.
 */
export function connectedGraph(graph: SystemGraph, seeds: Iterable<string>): SystemGraph {
  const neighbours = neighboursIn(graph)
  const found = new Set<string>()
  const pending = [...seeds]
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    if (found.has(key)) continue
    found.add(key)
    pending.push(...(neighbours.get(key) ?? []))
  }
  return {
    roots: graph.roots,
    programs: new Map([...graph.programs].filter(([id]) => found.has(`program#${id}`))),
    maps: new Map([...graph.maps].filter(([id]) => found.has(`map#${id}`))),
  }
}

function neighboursIn(graph: SystemGraph): ReadonlyMap<string, readonly string[]> {
  const neighbours = new Map<string, string[]>()
  const add = (from: string, to: string): void => {
    const known = neighbours.get(from)
    if (known) known.push(to)
    else neighbours.set(from, [to])
  }
  const join = (a: string, b: string): void => {
    add(a, b)
    add(b, a)
  }
  for (const { id, maps } of graph.programs.values()) for (const map of maps) join(`program#${id}`, `map#${map}`)
  for (const { id, programs, inner } of graph.maps.values()) {
    for (const program of programs.values()) join(`map#${id}`, `program#${program}`)
    for (const map of inner) join(`map#${id}`, `map#${map}`)
  }
  return neighbours
}
