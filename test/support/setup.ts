import { readdirSync, readlinkSync } from 'node:fs'
import { afterAll, expect } from 'vitest'

/**
 * After each test file: no BPF descriptor is open that was not open before, and no other kind either. Listed in
 * `setupFiles` of vitest.config.ts; runs before the file's own hooks, so its check comes after theirs.
 */
const before = openFiles()

afterAll(() => {
  const leaked = new Map(openFiles())
  for (const number of before.keys()) leaked.delete(number)
  expect([...leaked.values()].filter(isBpf), 'BPF descriptors that nobody closed').toEqual([])
  expect([...leaked.values()].filter(isOurs), 'descriptors that nobody closed').toEqual([])
})

const isBpf = (target: string): boolean => /^anon_inode:\[?(bpf|btf|perf)/.test(target)

/** Directories and files: sockets, pipes and event descriptors are the test runner's. */
const isOurs = (target: string): boolean => target.startsWith('/') && !/^\/(dev|proc)\/|node_modules/.test(target)

/** What every descriptor of this process refers to. */
function openFiles(): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  if (process.platform !== 'linux') return found
  for (const name of readdirSync('/proc/self/fd')) {
    const target = linkOf(`/proc/self/fd/${name}`)
    if (target !== undefined) found.set(Number(name), target)
  }
  return found
}

/** Undefined for the descriptor that listing the directory itself needed. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
