import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { main } from '../../../src/cli/main.ts'
import { loadAddon } from '../../../src/kernel/addon.ts'
import { fakeTerminal } from '../../cli/support/fake-terminal.ts'
import { openTestHost, type TestHost } from '../../support/linux.ts'
import { Observer, type Seen } from './observer.ts'
import { hideOlder } from './since.mjs'
import { type Answers, ports, type Version, writeVersion } from './versions.ts'

/** What pinfold is asked to do. */
export type Act =
  | { readonly command: 'apply' | 'destroy'; readonly version: Version }
  | { readonly command: 'rollback'; readonly stack?: string }

/** How a run ended: its exit code, or the signal that killed it. */
export interface Ended {
  readonly code: number | undefined
  readonly signal: string | undefined
  readonly output: string
}

const repository = resolve(import.meta.dirname, '../../..')

/** A bpffs, a veth pair and an observer; pinfold runs in this process, or as the real command line in one of its own. */
export class Lab implements Disposable {
  readonly host: TestHost
  readonly observer: Observer
  readonly #probe = `pf${process.pid}`
  readonly #since: string

  private constructor(host: TestHost, observer: Observer, since: string) {
    this.host = host
    this.observer = observer
    this.#since = since
    hideOlder(loadAddon(), since)
  }

  static async open(): Promise<Lab> {
    const host = openTestHost()
    try {
      const observer = await Observer.start(host.veth.address, host.veth.peer.namespacePath)
      return new Lab(host, observer, (await observer.last()).join())
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

  async attempt(act: Act): Promise<Ended> {
    const { terminal, printed } = fakeTerminal()
    const code = await main(this.words(act), terminal)
    return { code, signal: undefined, output: printed() }
  }

  /** What `pinfold plan` says of a version. */
  async plan(version: Version): Promise<Ended> {
    const { terminal, printed } = fakeTerminal()
    const code = await main(['plan', ...this.#placeOf(version)], terminal)
    return { code, signal: undefined, output: printed() }
  }

  /** Runs the built command line; with `kill` it is killed there (see kill-hook.mjs), with `calls` they are written to that file. */
  spawn(act: Act, hook: { readonly kill?: string; readonly calls?: string } = {}): Promise<Ended> {
    const preload = join(import.meta.dirname, 'kill-hook.mjs')
    const words = ['--import', preload, join(repository, 'dist/cli/pinfold.js'), ...this.words(act)]
    const environment = {
      ...process.env,
      PINFOLD_TEST_SINCE: this.#since,
      ...(hook.kill !== undefined && { PINFOLD_TEST_KILL: hook.kill }),
      ...(hook.calls !== undefined && { PINFOLD_TEST_CALLS: hook.calls }),
    }
    const child = spawn(process.execPath, words, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (more) => (output += more))
    return new Promise((done, fail) => {
      child.once('error', fail)
      child.once('close', (code, signal) => done({ code: code ?? undefined, signal: signal ?? undefined, output }))
    })
  }

  /** The state-changing system calls of a whole run, in order. */
  async record(act: Act, allowed: readonly number[]): Promise<readonly string[]> {
    const file = join(this.host.directory, 'calls')
    const { code, output } = await this.spawn(act, { calls: file })
    if (!allowed.includes(code ?? -1)) throw new Error(`pinfold ${act.command} ended with ${code}:\n${output}`)
    return readFileSync(file, 'utf8').trimEnd().split('\n')
  }

  look(): Promise<Seen> {
    return this.observer.look(this.host.bpffs, this.host.veth.ifindex)
  }

  async answers(): Promise<Answers> {
    const [xdp, tcx, other] = [
      await this.observer.ask(ports.xdp),
      await this.observer.ask(ports.tcx),
      await this.observer.ask(ports.other),
    ]
    return { xdp: xdp ?? [], tcx: tcx ?? [], other: other ?? [] }
  }

  /** The versions of `trace` that see an event; undefined where its map is not pinned. */
  async traced(seen: Seen): Promise<readonly number[] | undefined> {
    const pin = seen.pins.find(({ path }) => path.endsWith('/maps/traced'))
    return pin && (await this.observer.trace(this.#probe, join(this.host.bpffs, pin.path)))
  }

  words(act: Act): readonly string[] {
    if (act.command !== 'rollback') return [act.command, '--auto-approve', ...this.#placeOf(act.version)]
    return ['rollback', '--auto-approve', '--stack', act.stack ?? 'echo', '--bpffs', this.host.bpffs]
  }

  #placeOf(version: Version): readonly string[] {
    const { bpffs, directory, veth } = this.host
    const file = writeVersion(version, { directory, bpffs, interface: veth.name, probe: this.#probe })
    return ['-f', file, '--bpffs', bpffs]
  }

  [Symbol.dispose](): void {
    this.observer[Symbol.dispose]()
    this.host[Symbol.dispose]()
  }
}
