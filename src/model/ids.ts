declare const brand: unique symbol

/** A number (or text) that cannot be confused with another of the same representation. */
export type Branded<T, B extends string> = T & { readonly [brand]: B }

/** Kernel-wide ids; never reused for a kind until 2^31 objects of it have been made. */
export type MapId = Branded<number, 'MapId'>
export type ProgramId = Branded<number, 'ProgramId'>
export type LinkId = Branded<number, 'LinkId'>
export type BtfId = Branded<number, 'BtfId'>
