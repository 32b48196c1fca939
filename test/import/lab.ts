import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Output, Sandbox } from '../examples/sandbox.ts'

let count = 0

const include = `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`

/** True where the objects and the loader can be compiled: a probe. */
export const canBuild: boolean = ['clang-16', 'gcc'].every((tool) => spawnSync(tool, ['--version']).status === 0)

/** What was counted, in packets: the loader's step is divided out. */
export interface Counts {
  readonly entered: number
  readonly handled: number
  readonly missed: number
  readonly tc: number
}

/** A sandbox with the objects of two versions and a loader that uses libbpf, each compiled once. */
export class ImportLab implements Disposable {
  readonly sandbox: Sandbox
  /** Of files: objects, the loader, manifests. */
  readonly directory: string
  /** The object that a manifest names; `becomes` exchanges it. */
  readonly object: string
  /** One hierarchy for the whole machine: other tests may have theirs at the same time. */
  readonly cgroup: string = `/mnt/pinfold-import-${process.pid}-${count++}`

  private constructor(sandbox: Sandbox, directory: string) {
    this.sandbox = sandbox
    this.directory = directory
    this.object = join(directory, 'counting.bpf.o')
    execFileSync('gcc', ['-Wall', '-O1', '-o', join(directory, 'loader'), source('loader.c'), '-lbpf'])
    this.becomes(1)
    // bpftool looks for maps that are pinned by their names below /sys/fs/bpf and nowhere else.
    this.shell(`mkdir -p ${this.cgroup}; mount --bind ${this.bpffs} /sys/fs/bpf`)
  }

  static async open(): Promise<ImportLab> {
    return new ImportLab(await Sandbox.create(), mkdtempSync(join(tmpdir(), 'pinfold-import-')))
  }

  /** `nameless`: no map is pinned by its name, which bpftool's pinmaps does not bear. */
  becomes(version: 1 | 2, kind?: 'nameless'): void {
    const flags = ['-g', '-O2', '-target', 'bpf', include, `-DVERSION=${version}`, ...(kind ? ['-DNAMELESS'] : [])]
    execFileSync('clang-16', [...flags, '-c', source('counting.bpf.c'), '-o', this.object], { stdio: 'pipe' })
  }

  get bpffs(): string {
    return this.sandbox.bpffs
  }

  /** Runs a script that must work. */
  shell(script: string): string {
    const { status, stdout, stderr } = this.sandbox.shell(`set -e; ${script}`)
    if (status !== 0) throw new Error(`${script}: ${stdout}${stderr}`)
    return stdout
  }

  /** Loads, attaches and pins everything below a directory of the bpffs, with libbpf. */
  load(name: string, how = ''): void {
    this.shell(`${join(this.directory, 'loader')} ${this.object} ${this.bpffs}/${name} eth0 ${this.cgroup} ${how}`)
  }

  /** The same, but a process holds the links until `release`. */
  hold(name: string): void {
    const [fifo, log] = [join(this.directory, `${name}.fifo`), join(this.directory, `${name}.log`)]
    const command = `${join(this.directory, 'loader')} ${this.object} ${this.bpffs}/${name} eth0 ${this.cgroup} hold`
    this.shell(`mkfifo ${fifo}; (exec ${command} <${fifo} >${log} 2>&1) & (exec sleep 60 >${fifo}) >/dev/null 2>&1 & echo $! >${fifo}.pid
      for ((i = 0; i < 100; i++)); do grep -q ready ${log} && exit 0; sleep 0.05; done; cat ${log}; exit 1`)
  }

  /** Ends the process that holds links. */
  release(name: string): void {
    this.shell(`kill $(cat ${join(this.directory, `${name}.fifo.pid`)}) && sleep 0.2`)
  }

  import(name: string, ...more: string[]): Output {
    return this.sandbox.pinfold('import', `${this.bpffs}/${name}`, ...this.options(), '--auto-approve', ...more)
  }

  options(): string[] {
    return ['--object', this.object, '--name', 'edge', '--out', this.manifest]
  }

  get manifest(): string {
    return join(this.directory, 'pinfold.yaml')
  }

  text(): string {
    return readFileSync(this.manifest, 'utf8')
  }

  edit(change: (text: string) => string): void {
    writeFileSync(this.manifest, change(this.text()))
  }

  plan(...more: string[]): Output {
    return this.sandbox.pinfold('plan', '-f', this.manifest, ...more)
  }

  counts(pin: string, step: number): Counts {
    const values = this.sandbox.dump(pin).map(({ value }) => (value as number) / step)
    const [entered = 0, four = 0, six = 0, missed = 0, tc = 0] = values
    return { entered, handled: four + six, missed, tc }
  }

  /** Begins to send packets, and returns at once. */
  startSending(count: number): void {
    const script = `(for ((i = 0; i < ${count}; i++)); do echo x >/dev/udp/${this.sandbox.address.ipv4}/9; sleep 0.002; done) >/dev/null 2>&1 &`
    this.sandbox.client(script)
  }

  /** Waits until so many packets have come in. */
  counted(pin: string, step: number, wanted: number): Counts {
    for (let tries = 0; tries < 100; tries++) {
      const counts = this.counts(pin, step)
      if (counts.entered >= wanted) return counts
      this.shell('sleep 0.1')
    }
    return this.counts(pin, step)
  }

  /** Ids of what is pinned there. */
  id(kind: 'map' | 'prog' | 'link', pin: string): number {
    return (JSON.parse(this.shell(`bpftool -j ${kind} show pinned ${pin}`)) as { readonly id: number }).id
  }

  [Symbol.dispose](): void {
    this.sandbox.shell(`rmdir ${this.cgroup}`)
    this.sandbox[Symbol.dispose]()
    rmSync(this.directory, { recursive: true })
  }
}

const source = (name: string): string => join(import.meta.dirname, name)
