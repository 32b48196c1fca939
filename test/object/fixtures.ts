import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MapSpec } from '../../src/model/map-spec.ts'
import type { ProgramSpec } from '../../src/model/program-spec.ts'
import type { ObjectFile } from '../../src/object/object-file.ts'
import { readObject } from '../../src/object/read.ts'

/** The path of a compiled fixture. */
export const fixturePath = (name: string): string => `test/fixtures/${name}.bpf.o`

export const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(path))

/** Paths of the compiled objects of all examples. */
export const exampleObjects: readonly string[] = readdirSync('examples', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.bpf.o'))
  .map((name) => `examples/${name}`)

/** A compiled fixture, read. */
export const fixture = (name: string): ObjectFile => readObject(bytesOf(fixturePath(name)), `${name}.bpf.o`)

/** Every compiled fixture's name. */
export const fixtureNames: readonly string[] = readdirSync('test/fixtures')
  .filter((file) => file.endsWith('.bpf.o'))
  .map((file) => file.slice(0, -'.bpf.o'.length))

/** Debian's libxdp1: objects that nobody here wrote. */
export const libxdpPaths: readonly string[] = readdirSync('/usr/lib', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name.endsWith('-linux-gnu'))
  .flatMap(({ name }) => objectsIn(join('/usr/lib', name, 'bpf')))

function objectsIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith('.o'))
      .map((file) => join(directory, file))
  } catch {
    return []
  }
}

export function mapOf(object: ObjectFile, name: string): MapSpec {
  const map = object.maps.find((one) => one.name === name)
  if (!map) throw new Error(`no map ${name}`)
  return map
}

export function programOf(object: ObjectFile, name: string): ProgramSpec {
  const program = object.programs.find((one) => one.name === name)
  if (!program) throw new Error(`no program ${name}`)
  return program
}
