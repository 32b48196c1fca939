/** A table's own row: names come from users, and `constructor` is a fine name for a map. */
export const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined
