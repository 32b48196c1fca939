import { readFileSync } from 'node:fs'

/** The version in pinfold's package.json, which is two directories up from the source as from the bundle. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
