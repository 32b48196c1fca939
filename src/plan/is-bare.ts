import type { Tree } from '../model/state.ts'

/** True for empty directories without a record: of a tree that was killed before it got that, or after it lost it. */
export const isBare = ({ record, pins }: Tree): boolean => record === undefined && pins.length === 0
