import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Where an error happened, told by places in the sources: names in the bundle are short, and its lines long. */
export function originalStack(error: Error): string {
  const stack = error.stack ?? String(error)
  const map = readMap()
  return map ? stack.replace(bundlePlace, (place, line, column) => originOf(map, line, column) ?? place) : stack
}

/** The path is where V8's cache was made, which may be anywhere. */
const bundlePlace = /[^\s()]+\/commands\.js:(\d+):(\d+)/g

/** Lines and columns of a stack count from 1. */
function originOf(map: SourceMap, line: number, column: number): string | undefined {
  const entry = map.findEntry(line - 1, column - 1)
  return 'originalSource' in entry
    ? `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    : undefined
}

/** The map of the bundle that this is a part of; undefined for the sources themselves. */
function readMap(): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(import.meta.url)}.map`, 'utf8')))
  } catch {
    return undefined
  }
}
