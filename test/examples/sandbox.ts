import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const repository = resolve(import.meta.dirname, '../..')

/** What a command said, and its exit code (or the signal's negative number). */
export interface Output {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
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
    return this.run(process.execPath, join(repository, 'dist/cli/pinfold.js'), ...args, '--bpffs', this.bpffs)
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
