import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

/** A pin below a bpffs root, by its path from there. */
export interface SeenPin {
  readonly path: string
  readonly kind: 'map' | 'program' | 'link'
  readonly id: number
}

/** What is pinned, and what attached programs reach; read without any of pinfold's code. */
export interface Seen {
  readonly pins: readonly SeenPin[]
  readonly directories: readonly string[]
  readonly links: readonly { readonly id: number; readonly program: number }[]
  /** Every program array that the links' programs reach. */
  readonly arrays: readonly { readonly id: number; readonly slots: Readonly<Record<string, number>> }[]
}

/** Two bytes of a packet's answer: the entry program's version and the callee's; null where nothing came back. */
export type Answer = readonly [entry: number, callee: number] | null

/** A process that looks at bpffs and the kernel by itself, and sends packets through a veth pair. */
export class Observer implements Disposable {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(process: ChildProcess, lines: AsyncIterator<string>) {
    this.#process = process
    this.#lines = lines
  }

  /** `address` of the near end of the pair, `namespace` file of the far one. */
  static async start(address: string, namespace: string): Promise<Observer> {
    const program = resolve(import.meta.dirname, 'observer.py')
    const process = spawn('python3', [program, address, namespace], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]()
    const observer = new Observer(process, lines)
    await observer.#read()
    return observer
  }

  look(bpffs: string, ifindex: number): Promise<Seen> {
    return this.#request(`look ${bpffs} ${ifindex}`)
  }

  ask(ports: readonly number[]): Promise<readonly Answer[]> {
    return this.#request(`ask ${ports.join(' ')}`)
  }

  /** The versions of a traced program that saw the thread take this name. */
  trace(name: string, path: string): Promise<readonly number[]> {
    return this.#request(`trace ${name} ${path}`)
  }

  alive(kind: SeenPin['kind'], id: number): Promise<boolean> {
    return this.#request(`alive ${kind} ${id}`)
  }

  /** The highest ids of programs, maps and links. */
  last(): Promise<readonly number[]> {
    return this.#request('last')
  }

  async #request<T>(line: string): Promise<T> {
    this.#process.stdin?.write(`${line}\n`)
    return JSON.parse(await this.#read()) as T
  }

  async #read(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done) throw new Error('the observer has ended; its error is above')
    return value
  }

  [Symbol.dispose](): void {
    this.#process.stdin?.end()
  }
}
