import { describe, expect, test } from 'vitest'
import type { MapAddress } from '../../src/model/address.ts'
import type { MapReference } from '../../src/model/program-spec.ts'
import type { LiveProgram, ProgramState } from '../../src/model/state.ts'
import { diffProgram } from '../../src/plan/diff-program.ts'
import { program } from '../support/builders.ts'

const attributes = (before: ProgramState, after: ProgramState): string[] =>
  diffProgram(before, after).map((reason) => reason.attribute)

/** The same instructions, other references. */
function referring(
  change: (it: readonly MapReference<MapAddress>[]) => readonly MapReference<MapAddress>[],
): ProgramState {
  const base = program('p', ['a', 'b'])
  const { instructions = new Uint8Array(), references = [] } = base.code ?? {}
  return { ...base, code: { instructions, references: change(references) } }
}

const base = referring((all) => all)

describe('the same instructions are another program', () => {
  test('when two references changed places, which no tag and no list of maps tells', () => {
    const [first, second] = base.code?.references ?? []
    const swapped = referring((all) =>
      all.map((it, i) => ({ ...it, map: (i === 0 ? second : first)?.map as MapAddress })),
    )
    expect(attributes(base, swapped)).toEqual(['maps', 'maps'])
  })

  test('once for each map, however many instructions refer to it', () => {
    const twice = (name: string): ProgramState =>
      referring((all) => all.map((it) => ({ ...it, map: `map.${name}` as MapAddress })))
    expect(diffProgram(twice('data'), twice('main_data'))).toEqual([
      { attribute: 'maps', before: 'map.data', after: 'map.main_data' },
    ])
  })

  test('when a reference is missing, is elsewhere or is of another kind', () => {
    const others = [
      referring((all) => all.slice(0, 1)),
      referring((all) => all.map((it) => ({ ...it, instruction: it.instruction + 1 }))),
      referring((all) => all.map((it) => ({ ...it, kind: 'value' }))),
    ]
    for (const other of others) expect(new Set(attributes(base, other))).toEqual(new Set(['code']))
    expect(
      attributes(
        referring((all) => all.slice(0, 1)),
        base,
      ),
    ).toEqual(['code'])
  })
})

test('a pin that holds another program than the recorded one is told by its tag', () => {
  const live = { id: 1, pins: [], tag: 'bb', asRecorded: false } as unknown as LiveProgram
  expect(diffProgram({ ...base, live }, base)).toEqual([{ attribute: 'tag', before: 'bb' }])
})

test('a map that its code needs must be among those that the kernel lists; more are only bound to it, as .rodata by libbpf', () => {
  expect(diffProgram({ ...base, maps: [...base.maps, '#9'] }, base)).toEqual([])
  expect(diffProgram({ ...base, maps: base.maps.slice(1) }, base)).toEqual([{ attribute: 'maps', after: 'map.a' }])
})
