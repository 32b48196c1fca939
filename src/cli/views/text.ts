/** `1,204`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

/** `1 step`, `24 steps`. */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

/** `6.18` of `6.18.44-generic`. */
export const shortRelease = (release: string): string => /^\d+\.\d+/.exec(release)?.[0] ?? release

/** `0.4 ms`, `12 ms`, `1.2 s`. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}

/** `512 bytes`, `64 KB`, `93 MB`: in steps of a thousand. */
export function bytes(count: number): string {
  if (count < 1000) return counted(count, 'byte')
  return count < 1_000_000 ? `${Math.round(count / 1000)} KB` : `${grouped(Math.round(count / 1_000_000))} MB`
}

/** Lines without what is not seen, moves a terminal's cursor or turns the direction of reading: `\u001b` instead. */
export const visible = (text: string): string => text.replace(/(?![\t\n])[\p{C}\p{Zl}\p{Zp}]/gu, escaped)

/** One line without what is not seen, moves a terminal's cursor or turns the direction of reading: `\u001b` instead. */
export const printable = (text: string): string => visible(text.replace(/[\t\n\r]/g, ' '))

/** A text or document of which a reader sees every letter where it stands: `\u202e` instead of what turns the direction of reading. */
export const inOneDirection = (text: string): string =>
  text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escaped)

/** As JSON has it, so that a string of JSON stays the same. */
function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`
}
