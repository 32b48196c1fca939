import { KernelError } from '../model/errors.ts'
import { type AdderContext, type AdderShape, adderContext, adderProgram } from './adder-program.ts'
import { allowedCpus, tryRunOn } from './affinity.ts'
import { programRunAttr, programRunResult } from './attr-program.ts'
import type { Adder, Addition } from './entries.ts'
import { readInfoAlone } from './info.ts'
import type { AdderRequest, Fd, Kernel } from './kernel.ts'
import { type Attr, littleEndian, viewOf } from './layout.ts'
import type { ProgramLoad } from './program-load.ts'
import { bpf } from './syscall.ts'

const BPF_F_SLEEPABLE = 1 << 4

/** Loads the program that adds. Throws a KernelError where the kernel has no SYSCALL programs, or none for these maps. */
export async function openAdder(request: AdderRequest, kernel: Pick<Kernel, 'loadProgram'>): Promise<Adder> {
  const { map, journal, integers } = request
  const [of, noted] = [shapeOf(map), shapeOf(journal)]
  const shape = { keySize: of.keySize, journalKeySize: noted.keySize, journalValueSize: noted.valueSize, integers }
  const { instructions, references } = adderProgram(shape)
  const program = await load(kernel, {
    name: 'pinfold_add',
    load: { type: 'syscall', flags: BPF_F_SLEEPABLE, license: 'GPL' },
    instructions,
    references: [map, journal].map((fd, index) => ({
      instruction: references[index] ?? 0,
      kind: 'map',
      map: fd,
      offset: 0,
    })),
  })
  return new ProgramAdder(program, shape)
}

async function load(kernel: Pick<Kernel, 'loadProgram'>, request: ProgramLoad): Promise<Fd<'program'>> {
  try {
    return await kernel.loadProgram(request)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    const { code, command, errno, log } = error
    throw new KernelError('cannot add to a map of this kind: this kernel does not take the program that does it', {
      ...{ code, command, errno, cause: error },
      hint: 'it needs Linux 5.14 (6.1 where the map is a hash without preallocation); without it there is `merge: keep-new`',
      ...(log === undefined ? {} : { log }),
    })
  }
}

function shapeOf(map: Fd<'map'>): { readonly keySize: number; readonly valueSize: number } {
  const info = readInfoAlone(map)
  if (info.kind !== 'map') throw new Error(`unreachable: a map that is a ${info.kind}`)
  return info.shape
}

class ProgramAdder implements Adder {
  readonly #program: Fd<'program'>
  readonly #context: AdderContext
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #attr: Attr
  #cpu: number | undefined
  /** Where this thread ran before it was sent to a CPU. */
  #before: string | undefined

  constructor(program: Fd<'program'>, shape: AdderShape) {
    this.#program = program
    this.#context = adderContext(shape)
    this.#bytes = new Uint8Array(this.#context.size)
    this.#view = viewOf(this.#bytes)
    this.#attr = programRunAttr(program, this.#bytes)
  }

  add({ key, journalKey, journalOffset, deltas, noted, cpu }: Addition): boolean {
    if (cpu !== undefined && cpu !== this.#cpu) this.#runOn(cpu)
    const { journalKey: second, journalOffset: place, pairs } = this.#context
    this.#bytes.set(key)
    this.#bytes.set(journalKey, second)
    this.#view.setBigUint64(place, BigInt(journalOffset), littleEndian)
    for (const [index, delta] of deltas.entries()) {
      this.#view.setBigUint64(pairs + index * 16, BigInt.asUintN(64, delta), littleEndian)
      this.#view.setBigUint64(pairs + index * 16 + 8, BigInt.asUintN(64, noted[index] ?? 0n), littleEndian)
    }
    bpf('BPF_PROG_TEST_RUN', this.#attr, 'add to an entry')
    return programRunResult(this.#attr) === 1
  }

  [Symbol.dispose](): void {
    if (this.#before !== undefined) tryRunOn(this.#before)
    this.#program[Symbol.dispose]()
  }

  /**
   * A per-CPU value is added to on its own CPU, where no program that runs in an interrupt can be in the middle of it. Where this
   * process may not run there (a cpuset), the count goes to the CPU where it does: nothing is lost of the sum.
   */
  #runOn(cpu: number): void {
    this.#before ??= allowedCpus()
    tryRunOn(String(cpu))
    this.#cpu = cpu
  }
}
