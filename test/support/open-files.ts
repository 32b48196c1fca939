import { readdirSync, readlinkSync } from 'node:fs'

/** What every descriptor of this process refers to, by number. */
export function openFiles(): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  if (process.platform !== 'linux') return found
  for (const name of readdirSync('/proc/self/fd')) {
    const target = linkOf(`/proc/self/fd/${name}`)
    if (target !== undefined) found.set(Number(name), target)
  }
  return found
}

/** Kernel objects, files and directories that are open now and were not then; the test runner's own are left out. */
export function leakedSince(before: ReadonlyMap<number, string>): readonly string[] {
  const opened = [...openFiles()].filter(([number, target]) => before.get(number) !== target)
  return opened.map(([, target]) => target).filter((target) => isKernelObject(target) || isFile(target))
}

const isKernelObject = (target: string): boolean => /^anon_inode:\[?(bpf|btf|perf)/.test(target)

/** Sockets, pipes and event descriptors belong to the runner, and so do the files that it reads modules from. */
const isFile = (target: string): boolean => target.startsWith('/') && !/^\/(dev|proc)\/|\/node_modules\//.test(target)

/** Undefined for the descriptor that listing the directory itself needed. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
