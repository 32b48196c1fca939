import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { checkPrinted } from '../support/printed.ts'

const repository = resolve(import.meta.dirname, '../..')

/** What a command said, and its exit code (or the signal's negative number). */
export interface Output {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** One entry of a dumped map; `values` in per-CPU maps. */
export interface Dumped {
  readonly key: unknown
  readonly value: unknown
  readonly values?: readonly { readonly cpu: number; readonly value: unknown }[]
}

/** A stack in `pinfold show --json`, as far as tests look at it. */
export interface Shown {
  readonly maps: readonly ShownMap[]
  readonly programs: readonly ShownProgram[]
  readonly links: readonly ShownLink[]
}

export interface ShownMap {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly bytes_key: number
  readonly bytes_value: number
  readonly max_entries: number
  readonly pinned: readonly string[]
  readonly held_by?: readonly string[]
  readonly slots?: readonly { readonly index: number; readonly id: number }[]
}

export interface ShownProgram {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly tag: string
  readonly map_ids: readonly number[]
  readonly pinned: readonly string[]
}

export interface ShownLink {
  readonly id: number
  readonly type: string
  readonly prog_id: number
  readonly pinned: readonly string[]
}

/**
 * A mount and a network namespace with a bpffs, tracefs and cgroup2 of their own, joined by a veth pair with a second
 * network namespace, the client; each end is called eth0. They live as long as two processes that read this one's
 * pipe, so nothing outlives a test, however it ends. The pins go with the bpffs.
 */
export class Sandbox implements Disposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'pinfold-test-'))
  readonly bpffs: string = this.directory
  readonly address = { ipv4: '10.1.1.1', ipv6: 'fd00::1' } as const
  readonly #server: ChildProcess
  readonly #client: ChildProcess

  private constructor() {
    this.#server = hold('--mount', '--net', '--propagation', 'private')
    this.#client = hold('--net')
  }

  /** Makes the namespaces and waits until they are ready. Throws with what a command said when one fails. */
  static async create(): Promise<Sandbox> {
    const sandbox = new Sandbox()
    await Promise.all([ready(sandbox.#server), ready(sandbox.#client)])
    sandbox.#check(sandbox.shell(setUpServer(sandbox.bpffs, sandbox.#client.pid)))
    sandbox.#check(sandbox.client(setUpClient))
    return sandbox
  }

  /** Runs a command inside, from the repository's root. */
  run(command: string, ...args: string[]): Output {
    return enter(this.#server, ['--mount', '--net'], [command, ...args])
  }

  shell(script: string): Output {
    return this.run('bash', '-c', script)
  }

  /** Runs a script in the client's network namespace. */
  client(script: string): Output {
    return enter(this.#client, ['--net'], ['bash', '-c', script])
  }

  /** Runs the built command line on the sandbox's bpffs. */
  pinfold(...args: string[]): Output {
    const words = [...args, '--bpffs', this.bpffs]
    const output = this.run(process.execPath, join(repository, 'dist/cli/pinfold.js'), ...words)
    checkPrinted(words, output.stdout)
    return output
  }

  /** Entries of a map as bpftool decodes them by their BTF. */
  dump(pin: string): readonly Dumped[] {
    const { status, stdout, stderr } = this.run('bpftool', '-j', 'map', 'dump', 'pinned', pin)
    if (status !== 0) throw new Error(`cannot dump ${pin}: ${stdout}${stderr}`)
    return (JSON.parse(stdout) as { readonly formatted?: Dumped }[]).map(
      (entry) => entry.formatted ?? (entry as Dumped),
    )
  }

  /** A stack as `pinfold show --json` has it. */
  show(stack: string): Shown {
    const { status, stdout, stderr } = this.pinfold('show', stack, '--json')
    if (status !== 0) throw new Error(`cannot show ${stack}: ${stderr}`)
    const { stacks } = JSON.parse(stdout) as { readonly stacks: readonly Shown[] }
    const [shown] = stacks
    if (!shown) throw new Error(`cannot show ${stack}: it is not there`)
    return shown
  }

  /** Objects of a stack that live on; the kernel frees them a moment after their last reference has gone. */
  alive({ maps, programs, links }: Shown): readonly string[] {
    const objects = [
      ...maps.map(({ id }) => `map ${id}`),
      ...programs.map(({ id }) => `prog ${id}`),
      ...links.map(({ id }) => `link ${id}`),
    ]
    const find = (): readonly string[] =>
      objects.filter((object) => this.shell(`bpftool ${object.replace(' ', ' show id ')}`).status === 0)
    let left = find()
    for (let i = 0; i < 20 && left.length > 0; i++) {
      this.shell('sleep 0.1')
      left = find()
    }
    return left
  }

  /** Sends UDP packets from the client to the server, each from a socket of its own. */
  sendPackets(count: number, address: string): void {
    this.#check(this.client(`for ((i = 0; i < ${count}; i++)); do echo x >/dev/udp/${address}/9; done`))
  }

  #check(output: Output): void {
    if (output.status === 0) return
    this[Symbol.dispose]()
    throw new Error(`cannot prepare the sandbox: ${output.stderr}`)
  }

  [Symbol.dispose](): void {
    this.#server.stdin?.end()
    this.#client.stdin?.end()
    rmdirSync(this.directory)
  }
}

/** Why a sandbox cannot be made here, or undefined. */
export function noSandbox(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux'
  if (process.getuid?.() !== 0) return 'not root'
  const probe = spawnSync('unshare', ['--mount', '--net', 'sh', '-c', 'mount -t bpf none /mnt && ip link'])
  return probe.status === 0 ? undefined : 'no namespaces, bpffs or iproute2'
}

// `cat` ends with the pipe, and the namespaces with it.
const hold = (...namespaces: string[]): ChildProcess =>
  spawn('unshare', [...namespaces, 'sh', '-c', 'echo ready && exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })

const ready = (holder: ChildProcess): Promise<void> =>
  new Promise((done, fail) => {
    holder.stdout?.once('data', () => done())
    holder.once('error', fail)
    holder.once('exit', (code) => fail(new Error(`cannot make namespaces: unshare ended with ${code}`)))
  })

function enter(holder: ChildProcess, namespaces: readonly string[], command: readonly string[]): Output {
  const args = ['--target', String(holder.pid), ...namespaces, `--wd=${repository}`, '--', ...command]
  const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  return { status: status ?? -1, stdout, stderr }
}

const setUpServer = (bpffs: string, client: number | undefined): string => `
  set -e
  mount -t bpf bpf ${bpffs}
  mount -t tracefs tracefs /sys/kernel/tracing
  mount -t cgroup2 cgroup2 /mnt
  ip link add eth0 type veth peer name eth0 netns ${client}
  ip link set lo up
  ip link set eth0 up
  ip address add 10.1.1.1/24 dev eth0
  ip address add fd00::1/64 dev eth0 nodad
`

const setUpClient = `
  set -e
  ip link set eth0 up
  ip address add 10.1.1.2/24 dev eth0
  ip address add fd00::2/64 dev eth0 nodad
  for ((i = 0; i < 100; i++)); do
    ip link show eth0 | grep -q 'state UP' && exit 0
    sleep 0.05
  done
`
