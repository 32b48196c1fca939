import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { main } from '../../../src/cli/main.ts'
import { loadAddon } from '../../../src/kernel/addon.ts'
import { fakeTerminal } from '../../cli/support/fake-terminal.ts'
import { openTestHost, run, type TestHost } from '../../support/linux.ts'
import { Observer, type Seen } from './observer.ts'
import { hideOlder } from './since.mjs'
import { type Answers, ports, type Version, writeVersion } from './versions.ts'

/** What pinfold is asked to do. */
export type Act =
  | { readonly command: 'apply'; readonly version: Version }
  /** `purge`: also what is kept. */
  | { readonly command: 'destroy'; readonly version: Version; readonly purge?: true }
  /** `to`: in the root of the bpffs. */
  | { readonly command: 'forget'; readonly address: string; readonly to: string }
  | { readonly command: 'rollback'; readonly stack?: string }

/** A run that stands still. */
export interface Paused {
  readonly resume: (signal?: NodeJS.Signals) => Promise<Ended>
}

/** How a run ended: its exit code, or the signal that killed it. */
export interface Ended {
  readonly code: number | undefined
  readonly signal: string | undefined
  readonly output: string
}

const repository = resolve(import.meta.dirname, '../../..')

const hook = join(import.meta.dirname, 'kill-hook.mjs')

/** A bpffs, a veth pair and an observer; pinfold runs in this process, or as the real command line in one of its own. */
export class Lab implements Disposable {
  readonly host: TestHost
  readonly observer: Observer
  /** The bpffs root. */
  readonly bpffs: string
  readonly #probe = `pf${process.pid}`
  readonly #since: string

  private constructor(host: TestHost, bpffs: string, { observer, since }: { observer: Observer; since: string }) {
    this.host = host
    this.bpffs = bpffs
    this.observer = observer
    this.#since = since
    hideOlder(loadAddon(), since)
  }

  /** On a bpffs of its own, unless another one is given. */
  static async open(bpffs?: string): Promise<Lab> {
    const host = openTestHost()
    try {
      const observer = await Observer.start(host.veth.address, host.veth.peer.namespacePath)
      return new Lab(host, bpffs ?? host.bpffs, { observer, since: (await observer.last()).join() })
    } catch (error) {
      host[Symbol.dispose]()
      throw error
    }
  }

  /** Runs a command in this process; fails the test where it ends otherwise than `allowed`. */
  async run(act: Act, allowed: readonly number[] = [0]): Promise<void> {
    const { code, output } = await this.attempt(act)
    if (!allowed.includes(code ?? -1)) throw new Error(`pinfold ${act.command} ended with ${code}:\n${output}`)
  }

  attempt(act: Act): Promise<Ended> {
    return this.command(this.words(act))
  }

  /** Runs a command line in this process. */
  async command(words: readonly string[]): Promise<Ended> {
    const { terminal, printed } = fakeTerminal()
    const code = await main(words, terminal)
    return { code, signal: undefined, output: printed() }
  }

  /** What `pinfold plan` says of a version. */
  async plan(version: Version): Promise<Ended> {
    return await this.command(['plan', ...this.#placeOf(version)])
  }

  /** Runs the built command line; with `kill` it is killed there (see kill-hook.mjs), with `calls` they are written to that file. */
  spawn(act: Act | readonly string[], at: { readonly kill?: string; readonly calls?: string } = {}): Promise<Ended> {
    const words = [
      '--import',
      hook,
      join(repository, 'dist/cli/pinfold.js'),
      ...('command' in act ? this.words(act) : act),
    ]
    const environment = {
      ...process.env,
      PINFOLD_TEST_SINCE: this.#since,
      ...(at.kill !== undefined && { PINFOLD_TEST_KILL: at.kill }),
      ...(at.calls !== undefined && { PINFOLD_TEST_CALLS: at.calls }),
    }
    return endOf(spawn(process.execPath, words, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  /**
   * Runs the built command line until it stops at that system call; `resume` lets it go on to its end, with a signal where one is
   * named. `by`: what runs it, as a user would.
   */
  async pause(act: Act, where: string, by?: string): Promise<Paused> {
    const program = join(repository, 'dist/cli/pinfold.js')
    const [command = '', ...words] = by === undefined ? [process.execPath, '--import', hook, program] : [by, program]
    const environment = {
      PINFOLD_TEST_SINCE: this.#since,
      PINFOLD_TEST_KILL: where,
      PINFOLD_TEST_SIGNAL: 'SIGSTOP',
      ...(by !== undefined && { NODE_OPTIONS: `--import=${hook}` }),
    }
    const child = spawn(command, [...words, ...this.words(act)], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = endOf(child)
    await expect.poll(() => stateOf(child.pid), { timeout: 20_000, interval: 20 }).toBe('T')
    return {
      resume: (signal) => {
        if (signal !== undefined) child.kill(signal)
        child.kill('SIGCONT')
        return ended
      },
    }
  }

  /** The state-changing system calls of a whole run, in order. */
  async record(act: Act, allowed: readonly number[]): Promise<readonly string[]> {
    const file = join(this.host.directory, 'calls')
    const { code, output } = await this.spawn(act, { calls: file })
    if (!allowed.includes(code ?? -1)) throw new Error(`pinfold ${act.command} ended with ${code}:\n${output}`)
    return readFileSync(file, 'utf8').trimEnd().split('\n')
  }

  look(): Promise<Seen> {
    return this.observer.look(this.bpffs, this.host.veth.ifindex)
  }

  async answers(): Promise<Answers> {
    const [xdp, tcx, other] = [
      await this.observer.ask(ports.xdp),
      await this.observer.ask(ports.tcx),
      await this.observer.ask(ports.other),
    ]
    return { xdp: xdp ?? [], tcx: tcx ?? [], other: other ?? [] }
  }

  /** Packets that the live `state` has counted. */
  async counted(): Promise<number> {
    const dump = run('bpftool', '-j', 'map', 'dump', 'pinned', join(this.bpffs, 'echo/live/maps/state'))
    const entries = JSON.parse(dump) as readonly { readonly formatted: { readonly value: number } }[]
    return entries.reduce((sum, { formatted }) => sum + formatted.value, 0)
  }

  /** The versions of `trace` that see an event; undefined where its map is not pinned. */
  async traced(seen: Seen): Promise<readonly number[] | undefined> {
    const pin = seen.pins.find(({ path }) => path.endsWith('/maps/traced'))
    return pin && (await this.observer.trace(this.#probe, join(this.bpffs, pin.path)))
  }

  words(act: Act): readonly string[] {
    const here = ['--auto-approve', '--bpffs', this.bpffs]
    if (act.command === 'rollback') return ['rollback', '--stack', act.stack ?? 'echo', ...here]
    if (act.command === 'forget')
      return ['forget', act.address, '--to', join(this.bpffs, act.to), '--stack', 'echo', ...here]
    const purge = act.command === 'destroy' && act.purge ? ['--purge'] : []
    return [act.command, '--auto-approve', ...purge, ...this.#placeOf(act.version)]
  }

  #placeOf(version: Version): readonly string[] {
    const { bpffs } = this
    const { directory, veth } = this.host
    const file = writeVersion(version, { directory, bpffs, interface: veth.name, probe: this.#probe })
    return ['-f', file, '--bpffs', bpffs]
  }

  [Symbol.dispose](): void {
    this.observer[Symbol.dispose]()
    this.host[Symbol.dispose]()
  }
}

function endOf(child: ChildProcess): Promise<Ended> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (more) => (output += more))
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code, signal) => done({ code: code ?? undefined, signal: signal ?? undefined, output }))
  })
}

/** `T` for a process that is stopped. */
const stateOf = (pid: number | undefined): string | undefined =>
  /^State:\s*(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
