import { dirname } from 'node:path'
import type { Kernel, LinkInfo, MapInfo, ObjectInfo, ObjectKind, ProgramInfo } from '../../kernel/kernel.ts'
import { PlanError } from '../../model/errors.ts'
import type { SystemGraph } from '../../model/graph.ts'
import { listStacks, stackAround } from '../check-directory.ts'
import { openOrGone } from '../open-or-gone.ts'
import { readGraph } from '../reachable.ts'

/** Where an import looks. */
export interface Search {
  /** Absolute path of the bpffs root. */
  readonly bpffs: string
  /** Absolute paths of pins, and of directories of them. */
  readonly paths: readonly string[]
  /** Absolute paths, and ids (`#12`), of what is left out. */
  readonly except: readonly string[]
}

/** What lies below some paths, what else is pinned, and who uses what. */
export class Found {
  readonly kernel: Kernel
  readonly graph: SystemGraph
  /** Pins below the paths, each object's sorted. */
  readonly #within = new Map<string, string[]>()
  /** Pins of the same bpffs elsewhere. */
  readonly #elsewhere = new Map<string, string[]>()
  /** Directories of the stacks that there are. */
  readonly #stacks: readonly string[]
  readonly #except: readonly string[]
  readonly #infos = new Map<string, ObjectInfo | undefined>()

  constructor(kernel: Kernel, search: Search) {
    this.kernel = kernel
    this.#except = search.except
    for (const { path, info } of pinsBelow(kernel, search.bpffs)) this.#add(this.#elsewhere, path, info)
    this.#stacks = listStacks(kernel, search.bpffs).map((stack) => `${search.bpffs}/${stack}`)
    for (const path of search.paths) {
      const pins = pinsAt(kernel, path).filter((pin) => !search.except.some((it) => isAt(pin.path, it)))
      for (const pin of pins) this.#take(pin)
    }
    for (const [key, paths] of this.#elsewhere) {
      const within = this.#within.get(key) ?? []
      this.#elsewhere.set(
        key,
        paths.filter((path) => !within.includes(path)),
      )
    }
    this.graph = readGraph(kernel)
  }

  /** A stack's further pin of a map is as good as its own: the map is used. Anything else of a stack is not to be had. */
  #take({ path, info }: Pin): void {
    const stack = this.stackOf(info.kind, info.id)
    if (stack === undefined) this.#add(this.#within, path, info)
    else if (info.kind !== 'map') throw belongsTo(path, stack)
  }

  #add(pins: Map<string, string[]>, path: string, info: ObjectInfo): void {
    const key = keyOf(info.kind, info.id)
    this.#infos.set(key, info)
    pins.set(key, [...new Set([...(pins.get(key) ?? []), path])].sort())
  }

  /** Ids of the objects of a kind that are pinned below the paths, ascending. */
  pinned(kind: ObjectKind): number[] {
    const keys = [...this.#within.keys()].filter((key) => key.startsWith(`${kind}#`))
    return keys.map((key) => Number(key.slice(kind.length + 1))).sort((a, b) => a - b)
  }

  pinsOf(kind: ObjectKind, id: number): readonly string[] {
    return this.#within.get(keyOf(kind, id)) ?? []
  }

  pinsElsewhere(kind: ObjectKind, id: number): readonly string[] {
    return this.#elsewhere.get(keyOf(kind, id)) ?? []
  }

  /** Directory of the stack that pins it. */
  stackOf(kind: ObjectKind, id: number): string | undefined {
    return this.#stacks.find((stack) => this.pinsElsewhere(kind, id).some((path) => isAt(path, stack)))
  }

  /** Left out by its id, or by a pin of it. */
  isExcepted(kind: ObjectKind, id: number): boolean {
    const pins = this.pinsElsewhere(kind, id)
    return this.#except.some((it) => it === `#${id}` || pins.some((pin) => isAt(pin, it)))
  }

  map(id: number): MapInfo | undefined {
    return this.#describe('map', id) as MapInfo | undefined
  }

  program(id: number): ProgramInfo | undefined {
    return this.#describe('program', id) as ProgramInfo | undefined
  }

  link(id: number): LinkInfo | undefined {
    return this.#describe('link', id) as LinkInfo | undefined
  }

  /** Undefined once it is gone. */
  #describe(kind: ObjectKind, id: number): ObjectInfo | undefined {
    const key = keyOf(kind, id)
    if (!this.#infos.has(key)) {
      using fd = openOrGone(this.kernel, kind, id)
      this.#infos.set(key, fd && this.kernel.describe(fd))
    }
    return this.#infos.get(key)
  }
}

const keyOf = (kind: ObjectKind, id: number): string => `${kind}#${id}`

const isAt = (path: string, above: string): boolean => path === above || path.startsWith(`${above}/`)

interface Pin {
  readonly path: string
  readonly info: ObjectInfo
}

/** What a user named must be there, and be nobody's stack; the stacks within a directory are passed over. */
function pinsAt(kernel: Kernel, path: string): readonly Pin[] {
  const stat = kernel.bpffs.stat(path)
  const owner = stat && stackAround(kernel, stat.kind === 'directory' ? path : dirname(path))
  if (owner !== undefined) throw belongsTo(path, owner)
  const pins = stat?.kind === 'directory' ? withoutStacks(kernel, path) : stat ? [pinAt(kernel, path)] : []
  if (pins.length > 0) return pins
  throw new PlanError(`cannot import ${path}: ${stat ? 'nothing is pinned below it' : 'nothing is there'}`, {
    code: 'P187',
    hint: '`bpftool prog show pinned PATH` tells what a pin is; `find /sys/fs/bpf` lists them',
  })
}

const belongsTo = (path: string, stack: string): PlanError =>
  new PlanError(`cannot import ${path}: it belongs to the stack ${stack}`, {
    code: 'P188',
    hint: 'name what pinfold did not make',
  })

const pinAt = (kernel: Kernel, path: string): Pin => ({ path, info: kernel.describePin(path) })

function withoutStacks(kernel: Kernel, path: string): readonly Pin[] {
  const stacks = listStacks(kernel, path).map((name) => `${path}/${name}`)
  return pinsBelow(kernel, path).filter((pin) => !stacks.some((stack) => isAt(pin.path, stack)))
}

function pinsBelow(kernel: Kernel, directory: string): readonly Pin[] {
  return kernel.describePins(directory).flatMap(({ name, directory: isDirectory, info }): readonly Pin[] => {
    const path = directory === '/' ? `/${name}` : `${directory}/${name}`
    if (isDirectory) return pinsBelow(kernel, path)
    return info ? [{ path, info }] : []
  })
}
