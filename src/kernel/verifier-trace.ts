/** The last instruction of a trace: `12: (71) r1 = *(u8 *)(r1 +12)   ; R1=…` */
export function lastInstruction(lines: readonly string[]): { index: number; text: string } | undefined {
  for (let at = lines.length - 1; at >= 0; at--) {
    const [, index, text] = /^(\d+): \([0-9a-f]{2}\) (.*)$/.exec(lines[at] ?? '') ?? []
    // Behind it stand the registers that it changed, or the state after a jump: `goto pc-2 2: R1=…`.
    if (index !== undefined && text !== undefined) {
      return { index: Number(index), text: text.replace(/\s*(;.*|\s\d+: (frame\d+: )?R\d+.*)$/, '') }
    }
  }
  return undefined
}

/**
 * What the trace knows of each register that the last instruction reads (`r1`), or that the complaint behind it names (`R1`).
 * Nothing of those that it never mentions, or of which an instruction made something else since: before Linux 5.18 states are
 * not told of each instruction.
 */
export function lastRegisters(lines: readonly string[], text: string): readonly string[] {
  const open = new Set([...usedBy(text).matchAll(/\b[rwR](\d+)\b/g)].map(([, number]) => Number(number)))
  const found = new Map<number, string>()
  let isBefore = false
  for (let at = lines.length - 1; at >= 0 && open.size > 0; at--) {
    const line = lines[at] ?? ''
    for (const [number, state] of registersIn(line)) if (open.delete(number)) found.set(number, state)
    if (isBefore) for (const number of writtenBy(line)) open.delete(number)
    isBefore ||= instructionLine.test(line)
  }
  return [...found].sort(([a], [b]) => a - b).map(([, state]) => state)
}

const instructionLine = /^\d+: \([0-9a-f]{2}\) /

/** Registers that an instruction gives another value; a call, those of its arguments and R0. */
function writtenBy(line: string): readonly number[] {
  const [, text] = /^\d+: \([0-9a-f]{2}\) (.*)$/.exec(line) ?? []
  if (text === undefined) return []
  if (text.startsWith('call')) return [0, 1, 2, 3, 4, 5]
  const [, register] = /^[rw](\d+) (?:=|[^ ]+=) /.exec(text) ?? []
  return register === undefined ? [] : [Number(register)]
}

/** `r0 = *(u8 *)(r1 +3)` does not read what it assigns to. */
const usedBy = (instruction: string): string => instruction.replace(/^[rw]\d+ = /, '')

/** `R1=scalar(smin=0,var_off=(0x0; 0xff)) R10=fp0`: values end at a space outside of brackets. */
function registersIn(line: string): readonly (readonly [number: number, text: string])[] {
  return [...line.matchAll(/(?<![\w-])R(\d+)(?:_\w+)?=/g)].map((match) => {
    const start = match.index + match[0].length
    return [Number(match[1]), `R${match[1]}=${line.slice(start, endOfValue(line, start))}`] as const
  })
}

function endOfValue(line: string, start: number): number {
  let depth = 0
  for (let at = start; at < line.length; at++) {
    const character = line[at]
    if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === ' ' && depth <= 0) return at
  }
  return line.length
}
