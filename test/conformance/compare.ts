import type { Loaded, Pair } from './load.ts'

/** What came of one object. */
export type Verdict = 'same' | 'both refuse' | 'pinfold refuses' | 'only pinfold loads' | 'differs'

export interface Comparison {
  readonly verdict: Verdict
  /** How many programs both loaded. */
  readonly programs: number
  /** Sentences, for everything but `same`. */
  readonly details: readonly string[]
}

/** Compares what the kernel holds after both loaded an object. */
export function compare({ libbpf, pinfold }: Pair): Comparison {
  const programs = Object.keys(libbpf.programs ?? {}).length
  const refusals = [
    ...(libbpf.refused === undefined ? [] : [`libbpf: ${tellingLine(libbpf.refused)}`]),
    ...(pinfold.refused === undefined ? [] : [`pinfold: ${pinfold.refused}`]),
  ]
  if (refusals.length === 2) return { verdict: 'both refuse', programs: 0, details: refusals }
  if (pinfold.refused !== undefined) return { verdict: 'pinfold refuses', programs, details: refusals }
  if (libbpf.refused !== undefined) return { verdict: 'only pinfold loads', programs: 0, details: refusals }
  const details = [...differences('program', libbpf, pinfold), ...differences('map', libbpf, pinfold)]
  return { verdict: details.length > 0 ? 'differs' : 'same', programs, details }
}

function differences(kind: 'program' | 'map', libbpf: Loaded, pinfold: Loaded): readonly string[] {
  const [theirs, ours] = [libbpf[`${kind}s`] ?? {}, pinfold[`${kind}s`] ?? {}]
  const names = new Set([...Object.keys(theirs), ...(libbpf.partial && kind === 'map' ? [] : Object.keys(ours))])
  return [...names].flatMap((name) => {
    const [their, our] = [theirs[name], ours[name]]
    if (!their || !our) return [`${kind} ${name}: only ${their ? 'libbpf' : 'pinfold'} has it`]
    const fields = Object.keys(their).filter(
      (field) =>
        JSON.stringify(their[field]) !== JSON.stringify(our[field]) &&
        !isBinding(libbpf, field, [their[field], our[field]]),
    )
    return fields.map((field) => `${kind} ${name}: ${field}: ${firstDifference(their[field], our[field])}`)
  })
}

/**
 * libbpf binds `.rodata` to the programs that do not read it, for bpftool, which shows variables called `bpf_metadata_...` with a
 * program. pinfold does where there are such variables (data-metadata); another section would only be kept alive for nothing.
 */
function isBinding({ maps = {} }: Loaded, field: string, [theirs, ours]: readonly [unknown, unknown]): boolean {
  if (field !== 'maps' || !Array.isArray(theirs) || !Array.isArray(ours)) return false
  const more = theirs.map(String).filter((name) => !ours.includes(name))
  const isPlain = (name: string): boolean =>
    name.startsWith('rodata') && !String(maps[name]?.['valueType']).includes('bpf_metadata_')
  return more.length + ours.length === theirs.length && more.every(isPlain)
}

/** `libbpf [4] x, pinfold [4] y` for lists, else both whole. */
function firstDifference(theirs: unknown, ours: unknown): string {
  const [their, our] = [theirs, ours].map((side) => (Array.isArray(side) ? side : [side]))
  const texts = (list: readonly unknown[] | undefined): readonly string[] =>
    (list ?? []).map((item) => JSON.stringify(item))
  const [a, b] = [texts(their), texts(our)]
  const at = a.findIndex((item, index) => item !== b[index])
  const place = at < 0 ? a.length : at
  return `[${place}] libbpf ${(a[place] ?? 'nothing').slice(0, 300)}, pinfold ${(b[place] ?? 'nothing').slice(0, 300)}`
}

/** libbpf says most in the first line that is about a failure; the last ones tell what followed from it. */
function tellingLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !/skipping unrecognized/.test(line))
  return lines.find((line) => /^libbpf: /.test(line)) ?? lines[0] ?? 'nothing'
}
