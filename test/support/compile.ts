import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** True where objects can be compiled: a probe for `test.skipIf`. */
export const canCompile: boolean = spawnSync('clang-16', ['--version']).status === 0

/** Compiles C behind the usual headers to `name.bpf.o` in a directory, without BTF by `-g0`; returns its path. */
export function compile(directory: string, name: string, source: string, debug = '-g'): string {
  const [from, to] = [join(directory, `${name}.bpf.c`), join(directory, `${name}.bpf.o`)]
  writeFileSync(from, `${head}\n${source}\n`)
  const include = `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
  execFileSync('clang-16', [debug, '-O2', '-target', 'bpf', include, '-c', from, '-o', to], { stdio: 'pipe' })
  return to
}

const head = '#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>'
