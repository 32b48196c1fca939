import { expect, test } from 'vitest'
import type { SystemGraph } from '../../src/model/graph.ts'
import { connectedGraph } from '../../src/plan/connected.ts'

const program = (id: number, ...maps: number[]) => [id, { id, name: `p${id}`, maps }] as const
const map = (id: number, programs: readonly number[], inner: readonly number[] = []) =>
  [id, { id, name: `m${id}`, type: 'array', programs: new Map(programs.entries()), inner }] as const

const graph = {
  roots: [],
  programs: new Map([program(1, 11), program(2, 12), program(3, 11), program(4, 14)]),
  maps: new Map([map(11, [2]), map(12, [], [13]), map(13, []), map(14, [4])]),
} as unknown as SystemGraph

test.each([
  ['a program: what it uses, what stands in its slots, and whoever else uses that', 'program#1'],
  ['an inner map: the same, from the other end', 'map#13'],
])('%s', (_, seed) => {
  const { programs, maps } = connectedGraph(graph, [seed])
  expect([...programs.keys()].sort()).toEqual([1, 2, 3])
  expect([...maps.keys()].sort()).toEqual([11, 12, 13])
})

test('what nothing connects with the seeds is left out', () => {
  const { programs, maps } = connectedGraph(graph, ['program#4', 'map#4711'])
  expect([[...programs.keys()], [...maps.keys()]]).toEqual([[4], [14]])
})
