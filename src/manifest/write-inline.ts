import { parseScalar } from './scalar.ts'

/** A value as one writes it in YAML on one line: `{ interface: eth0, mode: native }`; undefined for none. */
export function writeInline(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value)) return `[${value.map(writeInline).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(
      ([key, one]) => `${/^\d+$/.test(key) ? key : writeText(key)}: ${writeInline(one)}`,
    )
    return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}'
  }
  return typeof value === 'string' ? writeText(value) : String(value)
}

const writeText = (text: string): string => (isPlain(text) ? text : JSON.stringify(text))

/** Whether YAML takes the text for itself without quotes, also between brackets. */
const isPlain = (text: string): boolean => /^[a-z/][\w./-]*$/i.test(text) && parseScalar(text) === text
