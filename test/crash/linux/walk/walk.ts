import { existsSync, readdirSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../../support/linux.ts'
import type { Lab } from '../lab.ts'
import type { SeenPin } from '../observer.ts'
import type { Answers } from '../versions.ts'
import { expectAnswer, onTheWay } from './expect-answer.ts'
import { type WalkPlace, writeWalkVersion } from './manifest.ts'
import { Random } from './random.ts'
import { changed, plain, type StackName, type WalkVersion } from './version.ts'

/** What a stack may be, as far as the walk knows. */
interface Belief {
  /** It answers as one of those; undefined: nothing is attached. */
  possible: readonly (WalkVersion | undefined)[]
  /** Whatever was applied: a rollback leads to one of them. */
  past: readonly (WalkVersion | undefined)[]
  /** What was last applied to its end, and not touched since. */
  whole: WalkVersion | undefined
  /** What the next version differs from. */
  last: WalkVersion
}

interface Ran {
  /** Undefined where it was killed. */
  readonly code: number | undefined
  readonly output: string
}

/** Commands one after the other, chosen by a number, some of them killed; whatever they leave must be whole. */
export class Walk {
  /** The commands so far and how they ended, for whoever has to find out why it failed. */
  readonly log: string[] = []
  readonly #lab: Lab
  readonly #random: Random
  readonly #place: WalkPlace
  readonly #stacks: Readonly<Record<StackName, Belief>> = { a: unknown('a'), b: unknown('b') }

  constructor(lab: Lab, seed: number) {
    const { host, bpffs } = lab
    const [directory, device, cgroup] = [host.directory, host.veth.name, host.cgroup]
    this.#lab = lab
    this.#random = new Random(seed)
    this.#place = { directory, bpffs, interface: device, cgroup, probe: `pf${process.pid}` }
    const theirs = join(bpffs, 'theirs')
    if (!existsSync(theirs)) run('bpftool', 'map', 'create', theirs, 'type', 'prog_array', ...shape, 'name', 'theirs')
  }

  /** One command, and a look at what it left. */
  async step(): Promise<void> {
    const stack = this.#random.weighted<StackName>([
      [3, 'a'],
      [1, 'b'],
    ])
    const act = this.#random.weighted<(stack: StackName) => Promise<void>>([
      [65, (it) => this.#apply(it)],
      [12, (it) => this.#rollBack(it)],
      [6, (it) => this.#destroy(it)],
      [5, (it) => this.#recover(it)],
      [6, (it) => this.#meddle(it)],
      [6, (it) => this.#forget(it)],
    ])
    await act(stack)
    await this.#look()
  }

  async #apply(stack: StackName, again?: WalkVersion): Promise<void> {
    const belief = this.#stacks[stack]
    const other = this.#random.chance(10) ? belief.last : changed(belief.last, this.#random)
    const version = again ?? other
    const words = ['apply', ...(await this.#wish(writeWalkVersion(version, this.#place)))]
    const counted = again || !belief.whole ? undefined : this.#counted(stack)
    const { code, output } = await this.#run(words, again ? undefined : this.#kill())
    if (code === undefined) {
      Object.assign(belief, { possible: [...belief.possible, version], whole: undefined })
    } else if (isDone(code)) {
      Object.assign(belief, { possible: [version], whole: version })
      this.#expectCounted(stack, counted)
      await this.#expectSettled(version)
    } else if (again || version.borrows === 'nothing') {
      // What it borrows may be gone, or of another shape.
      throw new Error(`refused: ${output}`)
    } else return
    belief.past = [...belief.past, version]
    belief.last = version
  }

  /** The manifest, or a plan that was saved of it, where it can be applied as it is. */
  async #wish(file: string): Promise<readonly string[]> {
    const manifest = ['-f', file, '--auto-approve']
    if (this.#random.chance(70)) return manifest
    const plan = join(this.#place.directory, `${this.log.length}.json`)
    const { code, output } = await this.#run(['plan', '-f', file, '--out', plan])
    return (code === 0 || code === 2) && !output.includes('interrupted') ? [plan] : manifest
  }

  /** The packets that the stack's own maps have counted; undefined where it has none. */
  #counted(stack: StackName): number | undefined {
    const [name] = this.#list(`${stack}/live/maps`).filter((it) => it === 'state' || it === 'sessions')
    if (name === undefined) return undefined
    const dump = run('bpftool', '-j', 'map', 'dump', 'pinned', join(this.#place.bpffs, stack, 'live/maps', name))
    const entries = JSON.parse(dump) as readonly {
      readonly formatted: { readonly value: { readonly packets: number } }
    }[]
    return entries.reduce((sum, { formatted }) => sum + formatted.value.packets, 0)
  }

  /** Whatever became of the map, its entries came along: nobody sent a packet meanwhile. */
  #expectCounted(stack: StackName, before: number | undefined): void {
    const { past, whole } = this.#stacks[stack]
    const isOwn = (it: WalkVersion | undefined): boolean => it?.borrows !== 'state'
    const after = this.#counted(stack)
    if (before === undefined || after === undefined || !isOwn(past.at(-1)) || !isOwn(whole)) return
    if (after !== before) throw new Error(`${before} packets were counted, and ${after} are after the apply`)
  }

  /** Nothing is left to do, nobody did anything, and the hooks answer by it. */
  async #expectSettled(version: WalkVersion): Promise<void> {
    const file = ['-f', writeWalkVersion(version, this.#place), '--bpffs', this.#place.bpffs]
    for (const words of [['plan'], ['plan', '--drift-only']]) {
      const { code, output } = await this.#lab.command([...words, ...file])
      if (code !== 0) throw new Error(`${words.join(' ')} after an apply ends with ${code}: ${output}`)
    }
    const answers = await this.#lab.answers()
    for (const hook of hooksOf[version.stack]) expectAnswer(hook, answers, [version])
  }

  async #rollBack(stack: StackName): Promise<void> {
    const belief = this.#stacks[stack]
    const kept = this.#list(stack).filter((name) => name.startsWith('gen-'))
    const to = kept.length > 0 && this.#random.chance(50) ? [this.#random.pick(kept).slice('gen-'.length)] : []
    const { code, output } = await this.#run(['rollback', ...to, '--stack', stack, '--auto-approve'], this.#kill())
    if (code === undefined || isDone(code))
      Object.assign(belief, { possible: [...belief.possible, ...belief.past], whole: undefined })
    // Nothing is kept, or only what somebody still uses; or there is no stack.
    else if (![1, 4].includes(code)) throw new Error(`rollback ends with ${code}: ${output}`)
  }

  async #destroy(stack: StackName): Promise<void> {
    const belief = this.#stacks[stack]
    if (!existsSync(join(this.#place.bpffs, stack))) return
    const purge = this.#random.chance(50) ? ['--purge'] : []
    const { code, output } = await this.#run(['destroy', stack, '--auto-approve', ...purge], this.#kill())
    if (code === undefined) {
      Object.assign(belief, { possible: [...belief.possible, undefined], whole: undefined })
      return
    }
    if (!isDone(code)) throw new Error(`destroy ends with ${code}: ${output}`)
    Object.assign(belief, { possible: [undefined], whole: undefined, past: [undefined] })
    // What is kept has its pins elsewhere, too.
    const left = [...this.#list(stack), ...this.#list('').filter((it) => it.startsWith(`${stack}_`))]
    if (code === 0 && purge.length > 0 && left.length > 0) throw new Error(`destroyed, but there is still ${left}`)
  }

  async #recover(stack: StackName): Promise<void> {
    if (!existsSync(join(this.#place.bpffs, stack))) return
    const { code, output } = await this.#run(['recover', stack, '--auto-approve'])
    if (code === undefined || !isDone(code)) throw new Error(`recover ends with ${code}: ${output}`)
  }

  /** Somebody removes pins, puts others there, detaches links or empties slots of the stack; the next apply puts it right. */
  async #meddle(stack: StackName): Promise<void> {
    const { whole } = this.#stacks[stack]
    if (!whole) return
    for (let count = 1 + this.#random.below(2); count > 0; count--) {
      // What is still pinned elsewhere, and used by nothing that is pinned, is not told from somebody else's (P121).
      const pins = (await this.#pinsOf(stack)).filter(({ elsewhere }) => elsewhere.length === 0)
      if (pins.length > 0) this.#meddleWith(this.#random.pick(pins))
    }
    await this.#apply(stack, whole)
  }

  #meddleWith({ path, kind }: SeenPin): void {
    const ways = [
      ['remove', true],
      ['detach', kind === 'link' && !path.endsWith('/trace')],
      ['replace', kind === 'map'],
      ['empty', path.endsWith('calls')],
    ] as const
    const [way] = this.#random.pick(ways.filter(([, isPossible]) => isPossible))
    this.log.push(`${way} ${path}`)
    const pin = join(this.#place.bpffs, path)
    if (way === 'detach') run('bpftool', 'link', 'detach', 'pinned', pin)
    else if (way === 'empty') emptySlot(pin)
    else unlinkSync(pin)
    if (way === 'replace') run('bpftool', 'map', 'create', pin, 'type', 'array', ...shape, 'name', 'intruder')
  }

  /** Takes something out of the stack; whoever has it then lets it go. */
  async #forget(stack: StackName): Promise<void> {
    const belief = this.#stacks[stack]
    const pins = await this.#pinsOf(stack)
    if (pins.length === 0) return
    const { path, elsewhere } = this.#random.pick(pins)
    const [, , kind = '', name = ''] = path.split('/')
    const folder = join(this.#place.bpffs, 'forgotten')
    const words = ['--stack', stack, '--to', join(folder, 'it'), '--auto-approve']
    const { code, output } = await this.#run(['forget', `${kind.slice(0, -1)}.${name}`, ...words], this.#kill())
    if (code === undefined) await this.#recover(stack)
    // Something else of the stack needs it; or it is gone already, by the recovery that comes first.
    else if (code !== 1 && !isDone(code)) throw new Error(`forget ends with ${code}: ${output}`)
    if (code === undefined || existsSync(join(folder, 'it'))) {
      const without = (it: WalkVersion | undefined) =>
        it && { ...it, hooks: it.hooks.filter((hook) => !isCalled(hook, name)) }
      const possible = kind === 'links' ? [...belief.possible.map(without), ...belief.possible] : belief.possible
      Object.assign(belief, { possible, whole: undefined })
    }
    // Its pins elsewhere left with it.
    if (existsSync(join(folder, 'it'))) for (const other of elsewhere) rmSync(join(this.#place.bpffs, other))
    rmSync(folder, { recursive: true, force: true })
  }

  /** Whatever was done or killed: arrays are held, the hooks answer by one version each, and what there is can be shown. */
  async #look(): Promise<void> {
    const { pins, arrays } = await this.#lab.look()
    const pinned = new Set(pins.flatMap(({ kind, id }) => (kind === 'map' ? [id] : [])))
    for (const { id } of arrays) if (!pinned.has(id)) throw new Error(`array #${id} is not held by a pin`)
    if (!pins.some(({ path }) => path === 'theirs')) throw new Error('what is of others is gone')
    const answers = await this.#lab.answers()
    for (const stack of ['a', 'b'] as const)
      for (const hook of hooksOf[stack]) {
        const { whole, possible } = this.#stacks[stack]
        expectAnswer(hook, answers, whole ? possible : possible.flatMap(onTheWay))
      }
    for (const words of [['show'], ['doctor', 'a'], ['doctor', 'b']]) await this.#expectTold(words)
  }

  async #expectTold(words: readonly string[]): Promise<void> {
    const { code, output } = await this.#lab.command([...words, '--bpffs', this.#place.bpffs])
    if (code !== 0 && code !== 3 && !/error C11\d/.test(output))
      throw new Error(`${words.join(' ')} ends with ${code}: ${output}`)
    // What a killed run left on its way is for the next one to finish.
    if (/P50[1-3]/.test(output) && !output.includes('P505')) throw new Error(`doctor finds tail calls lost: ${output}`)
  }

  async #run(words: readonly string[], kill?: string): Promise<Ran> {
    const all = [...words, '--bpffs', this.#place.bpffs]
    const said = `${words.join(' ')}${kill === undefined ? '' : `, killed ${kill}`}`
    this.log.push(said)
    const { code, signal, output } =
      kill === undefined ? await this.#lab.command(all) : await this.#lab.spawn(all, { kill })
    const codes = [...output.matchAll(/(?:error|warning) ([A-Z]\d{3})/g)].map(([, it]) => it)
    this.log[this.log.length - 1] = `${said} -> ${signal ?? code} ${[...new Set(codes)].join(' ')}`
    if (signal !== undefined && signal !== 'SIGKILL') throw new Error(`${said} ended by ${signal}: ${output}`)
    if (/error C100|^\s+at /m.test(output)) throw new Error(`${said} is a defect: ${output}`)
    return { code: signal === undefined ? code : undefined, output }
  }

  /** Where a command is killed; in half of the cases nowhere. */
  #kill(): string | undefined {
    if (this.#random.chance(50)) return undefined
    if (this.#random.chance(40)) return `after:${this.#random.pick(decisive)}`
    return `${this.#random.pick(['before', 'after'])}:${1 + this.#random.below(160)}`
  }

  #list(directory: string): readonly string[] {
    const path = join(this.#place.bpffs, directory)
    return existsSync(path) ? readdirSync(path) : []
  }

  /** The pins of the live tree, and those that lead to the same object elsewhere. */
  async #pinsOf(stack: StackName): Promise<readonly (SeenPin & { readonly elsewhere: readonly string[] })[]> {
    const { pins } = await this.#lab.look()
    const outer = pins.filter(({ path }) => path.startsWith(`${stack}_`))
    const live = pins.filter(({ path }) => path.startsWith(`${stack}/live/`) && !/record|migrations/.test(path))
    return live.map((pin) => ({
      ...pin,
      elsewhere: outer.flatMap(({ kind, id, path }) => (kind === pin.kind && id === pin.id ? [path] : [])),
    }))
  }
}

const shape = ['key', '4', 'value', '4', 'entries', '2']

/** Empties slot 0, whether or not anything is in it. */
function emptySlot(pin: string): void {
  try {
    run('bpftool', 'map', 'delete', 'pinned', pin, 'key', '0', '0', '0', '0')
  } catch (error) {
    if (!String(error).includes('No such file')) throw error
  }
}

const unknown = (stack: StackName): Belief => ({
  possible: [undefined],
  past: [],
  whole: undefined,
  last: plain(stack),
})

const hooksOf: Readonly<Record<StackName, readonly (keyof Answers)[]>> = { a: ['xdp', 'tcx'], b: ['other'] }

const decisive = [
  '^LINK_UPDATE',
  '^LINK_CREATE',
  '^renameat2',
  '^rename ',
  'links/',
  '^unlink',
  '^mkdir',
  '^rmdir',
].concat(['^OBJ_PIN', '^PROG_LOAD', '^link ', '^MAP_UPDATE', '^MAP_DELETE', '_(x|dir)', '/gen-', 'record', '^PROG_RUN'])

/** 7: what others use was kept. */
const isDone = (code: number): boolean => code === 0 || code === 7

const isCalled = (hook: string, name: string): boolean => hook === name || (hook === 'xdp' && name === 'uplink')
