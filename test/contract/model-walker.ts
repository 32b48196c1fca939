import type { Fd, Kernel, ObjectKind } from '../../src/kernel/kernel.ts'
import { KernelError } from '../../src/model/errors.ts'
import { returnConstant, useMaps } from './assembly.ts'
import type { Command } from './model-commands.ts'
import { isAlive, load, makeMap, numberIn, settled, type TestWorld, targets, u32 } from './test-world.ts'

/** One descriptor that the walk holds, and which of its objects that is: objects are numbered as they are made. */
interface Held {
  readonly fd: Fd<ObjectKind>
  readonly object: number
}

/** Paths that a walk plays with: two trees, as a stack has them. */
const paths = ['a', 'b', 'live', 'next', 'live/a', 'live/b', 'next/a', 'next/b', 'live/c', 'live/c/a', 'a/x', 'n.o']

/** Walks one kernel; what it tells is free of the kernel's own numbers, so that two walks can be compared. */
export class Walker {
  readonly #world: TestWorld
  readonly #kernel: Kernel
  readonly #root: string
  readonly #held: Held[] = []
  /** Every object ever made: its kind and kernel id. */
  readonly #made: { readonly kind: ObjectKind; readonly id: number }[] = []
  /** Every tag ever seen: a kernel before Linux 6.18 has others. */
  readonly #tags: string[] = []

  constructor(world: TestWorld, root: string) {
    this.#world = world
    this.#kernel = world.open()
    this.#root = root
    for (const path of [root, `${root}/live`, `${root}/next`]) this.#kernel.bpffs.makeDirectory(path)
  }

  /** Runs one step: `ok`, an errno, or `none` where there is nothing to take the step with. */
  async step(command: Command): Promise<string> {
    try {
      const done = await this.#run(command)
      // What is to go has gone before the next step looks.
      await settled(this.#world.kernel)
      return done ? 'ok' : 'none'
    } catch (error) {
      if (error instanceof KernelError) return error.errno
      throw error
    }
  }

  /** Pins by path, slots of each array, what each link runs, and which of the objects live. */
  state(): object {
    return {
      tree: this.#tree(''),
      alive: this.#made.flatMap(({ kind, id }, object) =>
        isAlive(this.#kernel, kind, id) ? [`${kind} ${object}`] : [],
      ),
      held: this.#held.map(({ fd, object }) => ({ object, ...this.#contents(fd) })),
    }
  }

  /** The slots of the arrays that nobody holds: opening them makes a holder of us, so this comes last. */
  async unheld(): Promise<object> {
    const found: Record<string, unknown> = {}
    for (const [object, { kind, id }] of this.#made.entries()) {
      if (kind === 'program' || !isAlive(this.#kernel, kind, id)) continue
      using fd = this.#kernel.openById(kind, id)
      found[object] = this.#contents(fd)
    }
    await settled(this.#world.kernel)
    return found
  }

  /** Ends the process, then removes the tree. */
  end(): void {
    this.#kernel.close()
    this.#remove(this.#root)
  }

  /** What still lives of all that the walk made. */
  left(): readonly string[] {
    return this.#made.flatMap(({ kind, id }, object) =>
      isAlive(this.#world.kernel, kind, id) ? [`${kind} ${object}`] : [],
    )
  }

  async #run(command: Command): Promise<boolean> {
    const files = this.#kernel.bpffs
    switch (command.kind) {
      case 'create-map':
        return this.#hold(makeMap(this.#kernel, { type: command.type, maxEntries: 2 }))
      case 'load': {
        const maps = command.maps.flatMap((at) => this.#pick('map', at)?.fd ?? []) as Fd<'map'>[]
        const code = maps.length > 0 ? useMaps(maps, 1) : returnConstant(1)
        return this.#hold(await load(this.#kernel, code, { type: command.type }))
      }
      case 'pin':
        return this.#with(undefined, command.object, ({ fd }) => this.#kernel.pin(fd, this.#path(command.path)))
      case 'unpin':
        files.unpin(this.#path(command.path))
        return true
      case 'open-pin':
        return this.#hold(this.#kernel.openPin(this.#path(command.path)))
      case 'make-directory':
        files.makeDirectory(this.#path(command.path))
        return true
      case 'remove-directory':
        files.removeDirectory(this.#path(command.path))
        return true
      case 'link':
      case 'rename':
      case 'replace':
      case 'exchange':
        files[command.kind](this.#path(command.from), this.#path(command.to))
        return true
      case 'fill':
        return this.#fill(command)
      case 'empty':
        return this.#with('map', command.array, ({ fd }) => this.#kernel.remove(fd as Fd<'map'>, u32(command.slot)))
      case 'freeze':
        return this.#with('map', command.object, ({ fd }) => this.#kernel.freeze(fd as Fd<'map'>))
      case 'attach':
        return this.#attach(command)
      case 'update':
        return this.#update(command)
      case 'close':
        return this.#close(command.object)
      case 'open-id':
        return this.#openById(command.object)
    }
  }

  #fill({ array, slot, value }: Extract<Command, { kind: 'fill' }>): boolean {
    const program = this.#pick('program', value)?.fd as Fd<'program'> | undefined
    return this.#with('map', array, ({ fd }) => {
      const map = fd as Fd<'map'>
      const info = this.#kernel.describe(map)
      const holds = info.kind === 'map' && info.type === 'prog_array'
      if (!holds) this.#kernel.update(map, u32(slot), u32(value))
      else if (program) this.#kernel.update(map, u32(slot), program)
    })
  }

  #attach({ program, place }: Extract<Command, { kind: 'attach' }>): boolean {
    const found = this.#pick('program', program)?.fd as Fd<'program'> | undefined
    return (
      found !== undefined &&
      this.#hold(this.#kernel.createLink({ program: found, target: targets(this.#world)[place] }))
    )
  }

  #update({ link, program, expected }: Extract<Command, { kind: 'update' }>): boolean {
    const to = this.#pick('program', program)?.fd as Fd<'program'> | undefined
    const from = this.#pick('program', expected)?.fd as Fd<'program'> | undefined
    if (!to || !from) return false
    return this.#with('link', link, ({ fd }) =>
      this.#kernel.updateLink(fd as Fd<'link'>, { program: to, expected: from }),
    )
  }

  #openById(object: number): boolean {
    const found = this.#made[object % Math.max(1, this.#made.length)]
    return found !== undefined && this.#hold(this.#kernel.openById(found.kind, found.id))
  }

  #close(object: number): boolean {
    const at = object % Math.max(1, this.#held.length)
    const [held] = this.#held.splice(at, 1)
    held?.fd[Symbol.dispose]()
    return held !== undefined
  }

  #hold(fd: Fd<ObjectKind>): true {
    const { kind, id } = this.#kernel.describe(fd)
    this.#held.push({ fd, object: this.#number(kind, id) })
    return true
  }

  /** The number of an object, given out when it is first seen. */
  #number(kind: ObjectKind, id: number): number {
    const known = this.#made.findIndex((made) => made.kind === kind && made.id === id)
    return known >= 0 ? known : this.#made.push({ kind, id }) - 1
  }

  #tag(tag: string): number {
    const known = this.#tags.indexOf(tag)
    return known >= 0 ? known : this.#tags.push(tag) - 1
  }

  #pick(kind: ObjectKind | undefined, at: number): Held | undefined {
    const fitting = this.#held.filter(({ fd }) => kind === undefined || fd.kind === kind)
    return fitting[at % Math.max(1, fitting.length)]
  }

  #with(kind: ObjectKind | undefined, at: number, use: (held: Held) => unknown): boolean {
    const held = this.#pick(kind, at)
    if (held) use(held)
    return held !== undefined
  }

  #path(at: number): string {
    return `${this.#root}/${paths[at % paths.length]}`
  }

  #contents(fd: Fd<ObjectKind>): object {
    const info = this.#kernel.describe(fd)
    if (info.kind === 'link') return { runs: this.#number('program', info.programId), severed: info.severed }
    if (info.kind === 'program')
      return { tag: this.#tag(info.tag), maps: info.mapIds.map((id) => this.#number('map', id)) }
    const map = fd as Fd<'map'>
    const elements = [...this.#kernel.keys(map)].map((key) => [numberIn(key), numberIn(this.#kernel.lookup(map, key))])
    const named =
      info.type === 'prog_array' ? elements.map(([key, id]) => [key, id && this.#number('program', id)]) : elements
    return { type: info.type, frozen: info.frozen, elements: named.sort(([a = 0], [b = 0]) => a - b) }
  }

  #tree(directory: string): readonly unknown[] {
    const { bpffs } = this.#kernel
    return bpffs.list(`${this.#root}${directory}`).map((entry) => {
      const path = `${directory}/${entry.name}`
      if (entry.directory) return [path, this.#tree(path)]
      const { kind, id } = this.#kernel.describePin(`${this.#root}${path}`)
      return [path, kind, this.#number(kind, id)]
    })
  }

  #remove(directory: string): void {
    const { bpffs } = this.#world.kernel
    for (const { name, directory: isDirectory } of bpffs.list(directory)) {
      if (isDirectory) this.#remove(`${directory}/${name}`)
      else bpffs.unpin(`${directory}/${name}`)
    }
    bpffs.removeDirectory(directory)
  }
}
