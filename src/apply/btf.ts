import { btfFeaturesIn, sanitizeBtf } from '../btf/sanitize-btf.ts'
import { missingBtfFeatures } from '../kernel/btf-probes.ts'
import type { Fd, Kernel } from '../kernel/kernel.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { DesiredState } from '../model/state.ts'
import { applyCodes } from './codes.ts'
import { describeProblem } from './problem.ts'

/** The objects' type information in the kernel, uploaded at first use; closed by `dispose`. */
export class Btf implements Disposable {
  readonly #kernel: Kernel
  readonly #objects: DesiredState['btf'] | undefined
  readonly #loaded = new Map<string, Fd<'btf'> | undefined>()
  readonly #warn: (diagnostic: Diagnostic) => void

  constructor(kernel: Kernel, objects: DesiredState['btf'] | undefined, warn: (diagnostic: Diagnostic) => void) {
    this.#kernel = kernel
    this.#objects = objects
    this.#warn = warn
  }

  /** The descriptor of an object's BTF; undefined where it has none, or the kernel refuses it (one warning then). */
  of(object: string): Fd<'btf'> | undefined {
    if (!this.#loaded.has(object)) this.#loaded.set(object, this.#load(object))
    return this.#loaded.get(object)
  }

  [Symbol.dispose](): void {
    for (const fd of this.#loaded.values()) fd?.[Symbol.dispose]()
    this.#loaded.clear()
  }

  #load(object: string): Fd<'btf'> | undefined {
    const bytes = this.#objects?.get(object)
    if (!bytes) return undefined
    try {
      return loadBtf(this.#kernel, bytes)
    } catch (error) {
      this.#warn(withoutBtf(`object ${object}`, error))
      return undefined
    }
  }
}

/** As the object has it; where that is refused, without what this kernel does not know. */
function loadBtf(kernel: Kernel, bytes: Uint8Array): Fd<'btf'> {
  try {
    return kernel.loadBtf(bytes)
  } catch (error) {
    const little = kernel.identity.byteOrder === 'little'
    const missing = missingBtfFeatures(kernel, btfFeaturesIn(bytes, little))
    if (missing.size === 0) throw error
    return kernel.loadBtf(sanitizeBtf(bytes, { missing, little }))
  }
}

/** The warning that something was made without its type information. */
export const withoutBtf = (what: string, error: unknown): Diagnostic => ({
  severity: 'warning',
  code: applyCodes.noBtf.code,
  summary: applyCodes.noBtf.summary,
  detail: `The type information of ${what} was left out: ${describeProblem(error).message}.`,
  hint: 'bpftool and debuggers want it, and programs with locks, timers or pointers in maps are refused without; a newer kernel may take it',
})
