// The objects that are loaded, compiled into a directory of their own, and manifests for them.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const includes = readdirSync('/usr/include')
  .filter((name) => name.endsWith('-linux-gnu'))
  .flatMap((name) => ['-idirafter', join('/usr/include', name)])

/** What is measured: objects, each with its programs, and the manifest that declares all of them. */
export function makeWorkloads(directory) {
  const digits = [...'0123456789']
  const hundred = digits.flatMap((tens) => digits.map((ones) => tens + ones))
  const make = (name, objects) => ({
    paths: objects.map(({ path }) => path),
    manifest: writeManifest(directory, name, objects),
  })
  const heavy = compile(
    directory,
    'heavy',
    digits.slice(0, 8).map((number) => `heavy_${number}`),
  )
  const tiny = compile(
    directory,
    'tiny',
    hundred.flatMap((number) => [...'abcde'].map((letter) => letter + number)),
  )
  const tools = Array.from({ length: 32 }, (_, number) => compileTool(directory, number))
  return {
    heavy: make('heavy', [heavy]),
    tiny: make('tiny', [tiny]),
    tool: make('tool', tools.slice(0, 1)),
    tools: make('tools', tools),
  }
}

function compile(directory, source, programs, flags = [], name = source) {
  const path = join(directory, `${name}.bpf.o`)
  mkdirSync(directory, { recursive: true })
  const options = ['-g', '-O2', '-target', 'bpf', ...flags, ...includes]
  execFileSync('clang-16', [...options, '-c', join(import.meta.dirname, `${source}.bpf.c`), '-o', path])
  execFileSync('llvm-strip-16', ['-g', path])
  return { name, path, programs }
}

const compileTool = (directory, number) =>
  compile(directory, 'tool', [`on_switch_${number}`], [`-DNUMBER=${number}`], `tool${number}`)

function writeManifest(directory, name, objects) {
  const file = join(directory, `${name}.yaml`)
  const declared = objects.map((object) => `  ${object.name}: { file: ${object.path} }`)
  const programs = objects.flatMap((object) => object.programs.map((program) => `  ${program}:`))
  const lines = ['version: 1', `name: ${name}`, 'objects:', ...declared, 'programs:', ...programs]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}
