/**
 * A text that is the same for documents which say the same of hosts that differ only by their ids, names and boots, and by how
 * full their maps are.
 */
export const planKey = (document: object): string => JSON.stringify(document, neutral)

/** What a host has for its own, by its key in a document. */
const own: ReadonlySet<string> = new Set(['time', 'nonce', 'host', 'bootId', 'left', 'deadline', 'loaded', 'changed'])
/** Numbers that the kernel gives out as they come, by their keys: those, and whatever calls itself an id. */
const ids: ReadonlySet<string> = new Set(['id', 'link', 'program', 'map', 'ifindex', 'inode', 'process'])
const isId = (key: string): boolean => ids.has(key) || key.endsWith('Id')
/** Lists and tables of such numbers. */
const manyIds: ReadonlySet<string> = new Set(['existing', 'programs', 'members'])

function neutral(this: unknown, key: string, value: unknown): unknown {
  if (own.has(key)) return undefined
  if (typeof value === 'number' && (isId(key) || manyIds.has(keyOf.get(this as object) ?? ''))) return 0
  if (key === 'entries' && typeof value === 'number') return Math.min(1, value)
  if (typeof value === 'string') return withoutNumbers(value)
  if (typeof value === 'object' && value !== null && manyIds.has(key)) keyOf.set(value, key)
  return value
}

/** Under which key an object was found, as far as that matters. */
const keyOf = new WeakMap<object, string>()

/** `map #41`, `net:[4026531992]`, `1,204 entries`. */
const withoutNumbers = (text: string): string =>
  text
    .replace(/#\d+/g, '#')
    .replace(/\bnet:\[\d+\]/g, 'net:[]')
    .replace(/\b[1-9][\d,]* entr(y|ies)\b/g, 'entries')
