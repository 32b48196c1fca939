declare const brand: unique symbol

/** A number (or text) that cannot be confused with another of the same representation. */
export type Branded<T, B extends string> = T & { readonly [brand]: B }

// Kernel-wide ids; never reused for a kind until 2^31 objects of it have been made.
/** The kernel's id of a map. */
export type MapId = Branded<number, 'MapId'>
/** The kernel's id of a program. */
export type ProgramId = Branded<number, 'ProgramId'>
/** The kernel's id of a link. */
export type LinkId = Branded<number, 'LinkId'>
/** The kernel's id of BTF. */
export type BtfId = Branded<number, 'BtfId'>
