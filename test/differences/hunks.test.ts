import { structuredPatch } from 'diff'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findHunks } from '../../src/differences/hunks.ts'

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 })

test('hunks are those of a unified diff with three lines around', () => {
  fc.assert(
    fc.property(lines, lines, (old, wanted) => {
      const [one, other] = [old, wanted].map((texts) => texts.map((text) => `${text}\n`).join(''))
      const { hunks } = structuredPatch('', '', one ?? '', other ?? '', '', '', { context: 3 })
      expect(findHunks(old, wanted)?.map((hunk) => hunk.lines)).toEqual(hunks.map((hunk) => hunk.lines))
    }),
  )
})

test('what the hunks say makes the new lines of the old ones', () => {
  fc.assert(
    fc.property(lines, lines, (old, wanted) => {
      const made: string[] = [...old]
      for (const { oldStart, newStart, lines } of [...(findHunks(old, wanted) ?? [])].reverse()) {
        const without = (mark: string): string[] =>
          lines.filter((line) => line[0] !== mark).map((line) => line.slice(1))
        expect(old.slice(oldStart, oldStart + without('+').length)).toEqual(without('+'))
        expect(wanted.slice(newStart, newStart + without('-').length)).toEqual(without('-'))
        made.splice(oldStart, without('+').length, ...without('-'))
      }
      expect(made).toEqual(wanted)
    }),
  )
})

test('too much of it is not compared', () => {
  const numbers = Array.from({ length: 4000 }, (_, index) => `${index}`)
  expect(findHunks(numbers, numbers.toReversed())).toBeUndefined()
})
