import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { ObjectFile } from '../../../src/object/object-file.ts'
import { readObject } from '../../../src/object/read.ts'
import { elf, plausibleBtf, relocated } from './arbitrary.ts'
import { type Ending, examineKernel, examineObject, examineRelocations } from './examine.ts'
import { mutate, type Seed, seedOf } from './mutate.ts'
import { Random } from './random.ts'

/** Every fixture, and the objects in a directory of others. */
export function readSeeds(others?: string): readonly Seed[] {
  return ['test/fixtures', ...(others === undefined ? [] : [others])].flatMap((directory) => {
    const names = readdirSync(directory).filter((name) => name.endsWith('.o'))
    return names
      .sort()
      .map((name) => seedOf(join(directory, name), new Uint8Array(readFileSync(join(directory, name)))))
  })
}

/** What one input was made from, and what became of it. */
export interface Examined {
  readonly seed: string
  readonly ending: Ending
}

/** Makes the input of a number and examines it: the same in every run with the same seeds. */
export function examineInput(seeds: readonly Seed[], number: number): Examined {
  const random = new Random(Math.imul(number, 2654435761))
  if (random.below(10) === 0) return examineMade(seeds, number, random)
  const seed = random.pick(seeds)
  if (random.below(16) !== 0) return { seed: seed.name, ending: examineObject(mutate(seed, random)) }
  const { object, kernel } = random.pick(linkable(seeds))
  return { seed: `${kernel.name}, its BTF as a kernel's`, ending: examineKernel(object, mutate(kernel, random)) }
}

/** Something that was not made from a good object, and is as it may be. */
function examineMade(seeds: readonly Seed[], number: number, random: Random): Examined {
  const sample = <T>(arbitrary: fc.Arbitrary<T>): T => fc.sample(arbitrary, { numRuns: 1, seed: number })[0] as T
  const { object, kernel } = random.pick(linkable(seeds))
  switch (random.below(3)) {
    case 0:
      return { seed: 'a made object', ending: examineObject(sample(elf)) }
    case 1:
      return { seed: `${kernel.name}, with made relocations`, ending: examineRelocations(object, sample(relocated)) }
    default:
      return { seed: `${kernel.name}, for a made kernel`, ending: examineKernel(object, sample(plausibleBtf)) }
  }
}

/** An object with something to look for in a kernel, and its own BTF, which stands for a kernel's. */
interface Linkable {
  readonly object: ObjectFile
  readonly kernel: Seed
}

const known = new WeakMap<readonly Seed[], readonly Linkable[]>()

function linkable(seeds: readonly Seed[]): readonly Linkable[] {
  const found = known.get(seeds) ?? seeds.filter(({ little }) => little).flatMap(toLinkable)
  known.set(seeds, found)
  return found
}

function toLinkable(seed: Seed): readonly Linkable[] {
  const object = readObject(seed.bytes, seed.name)
  const bytes = object.btf?.bytes
  if (!bytes || (object.relocations.length === 0 && object.externs.size === 0)) return []
  const regions = [
    { start: 0, end: 24 },
    { start: 24, end: bytes.length },
  ]
  return [{ object, kernel: { ...seed, bytes, regions } }]
}
