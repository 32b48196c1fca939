import { type BtfFeature, btfFeatures } from '../btf/btf-features.ts'
import { KernelError } from '../model/errors.ts'
import type { Kernel } from './kernel.ts'
import { littleEndian, viewOf } from './layout.ts'

/**
 * Which of these features the kernel refuses, by loading a few types that have each. An answer is remembered where it is
 * conclusive; one that says nothing about the feature (no privilege, no memory) counts as support.
 */
export function missingBtfFeatures(
  kernel: Pick<Kernel, 'loadBtf'>,
  wanted: ReadonlySet<BtfFeature>,
): ReadonlySet<BtfFeature> {
  const answers = known.get(kernel) ?? new Map<BtfFeature, boolean>()
  known.set(kernel, answers)
  const asked = btfFeatures.map(({ name }) => name).filter((name) => wanted.has(name))
  return new Set(asked.filter((feature) => !takes(kernel, feature, answers)))
}

const known = new WeakMap<object, Map<BtfFeature, boolean>>()

function takes(kernel: Pick<Kernel, 'loadBtf'>, feature: BtfFeature, answers: Map<BtfFeature, boolean>): boolean {
  const before = answers.get(feature)
  if (before !== undefined) return before
  try {
    kernel.loadBtf(probeFor(feature))[Symbol.dispose]()
    answers.set(feature, true)
    return true
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== 'EINVAL') return true
    answers.set(feature, false)
    return false
  }
}

/** The smallest BTF that has a feature; correct in all else. */
export function probeFor(feature: BtfFeature): Uint8Array {
  const types = probes[feature].flat()
  const strings = Buffer.from(names)
  const bytes = new Uint8Array(24 + types.length * 4 + strings.length)
  const view = viewOf(bytes)
  view.setUint16(0, 0xeb9f, littleEndian)
  view.setUint8(2, 1)
  const header = [24, 0, types.length * 4, types.length * 4, strings.length]
  for (const [index, word] of [...header, ...types].entries()) view.setUint32(4 + index * 4, word >>> 0, littleEndian)
  bytes.set(strings, 24 + types.length * 4)
  return bytes
}

const names = '\0int\0x\0.data\0?.data\0'
const [int, x, data, optional] = [1, 5, 7, 13]

/** `struct btf_type` as words: name, info (kind << 24 | members), size or type, and what the kind has behind that. */
const integer = [int, 1 << 24, 4, (1 << 24) | 32]
const prototype = [0, (13 << 24) | 1, 0, x, 1]
const variable = [x, 14 << 24, 1, 0]
const section = (name: number): readonly number[] => [name, (15 << 24) | 1, 4, 2, 0, 4]

const probes: Readonly<Record<BtfFeature, readonly (readonly number[])[]>> = {
  functions: [integer, prototype, [x, 12 << 24, 2]],
  sections: [integer, variable, section(data)],
  'global functions': [integer, prototype, [x, (12 << 24) | 1, 2]],
  floats: [[x, 16 << 24, 4]],
  'declaration tags': [integer, variable, [x, 17 << 24, 2, -1]],
  'type tags': [integer, [x, 18 << 24, 1], [0, 2 << 24, 2]],
  enum64: [[x, (19 << 24) | 1, 8, x, 1, 0]],
  'optional sections': [integer, variable, section(optional)],
}
