/** `1,204`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

/** `1 step`, `24 steps`. */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

/** `6.18` of `6.18.44-generic`. */
export const shortRelease = (release: string): string => /^\d+\.\d+/.exec(release)?.[0] ?? release
