/**
 * A value as a manifest writes it, before BTF says what bytes it becomes: globals, entries. Integers beyond 2^53 are
 * bigints, all others numbers; a record's keys are texts.
 */
export type Value = null | boolean | number | bigint | string | readonly Value[] | { readonly [key: string]: Value }
