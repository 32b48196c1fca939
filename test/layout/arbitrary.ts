import fc from 'fast-check'

/** A type in both forms: what describeLayout would write, and what is in it. */
export interface Sample {
  readonly text: string
  readonly size: number
  readonly align: number
}

const scalars: readonly Sample[] = [
  ...['u8', 's8', 'u16', 's16', 'u32', 's32', 'u64', 's64'].map((text) => sized(text, Number(text.slice(1)) / 8)),
  sized('enumu32', 4),
  sized('enums64', 8),
  sized('bool8', 1),
  sized('f64', 8),
  sized('pointer', 8),
]

function sized(text: string, size: number): Sample {
  return { text, size, align: size }
}

/** Types of any form, nested a little. */
export const layoutText: fc.Arbitrary<Sample> = fc.letrec<{ type: Sample }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...scalars),
    fc.tuple(tie('type'), fc.integer({ min: 1, max: 5 })).map(([element, length]) => arrayOf(element, length)),
    fc.array(tie('type'), { minLength: 1, maxLength: 5 }).map((types) => structOf(named(types))),
    fc.array(tie('type'), { minLength: 1, maxLength: 3 }).map((types) => unionOf(named(types))),
  ),
})).type

const named = (types: readonly Sample[]): (readonly [string, Sample])[] =>
  types.map((type, index) => [`m${index}`, type] as const)

/** As C lays it out. */
export function arrayOf(element: Sample, length: number): Sample {
  return { text: `${element.text}[${length}]`, size: element.size * length, align: element.align }
}

export function structOf(members: readonly (readonly [string, Sample])[]): Sample {
  let end = 0
  const texts = members.map(([name, type]) => {
    const at = Math.ceil(end / type.align) * type.align
    end = at + type.size
    return `${name}:${type.text}@${at}`
  })
  const align = Math.max(1, ...members.map(([, type]) => type.align))
  const size = Math.ceil(end / align) * align
  return { text: `struct ${size}{${texts.join(',')}}`, size, align }
}

function unionOf(members: readonly (readonly [string, Sample])[]): Sample {
  const align = Math.max(1, ...members.map(([, type]) => type.align))
  const size = Math.ceil(Math.max(0, ...members.map(([, type]) => type.size)) / align) * align
  return { text: `union ${size}{${members.map(([name, type]) => `${name}:${type.text}@0`).join(',')}}`, size, align }
}
