/** A variable of the kernel's configuration (`__kconfig`): it lies in the map `.kconfig`. */
export interface ConfigExtern {
  readonly kind: 'config'
  readonly name: string
  /** May be missing, and is zero then. */
  readonly weak: boolean
  readonly type: ConfigType
  /** Of numbers. */
  readonly signed: boolean
  /** Bytes from the start of `.kconfig`. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  /** Type id in the object's BTF. */
  readonly typeId: number
}

/** How a configuration value is stored. `unknown`: a type that stands for no configuration value. */
export type ConfigType = 'bool' | 'tristate' | 'char' | 'integer' | 'text' | 'unknown'

/** A variable or function of the kernel (`__ksym`). */
export interface KernelExtern {
  /** `function`: a kfunc. */
  readonly kind: 'variable' | 'function'
  readonly name: string
  readonly weak: boolean
  /** The variable's type or the function's prototype in the object's BTF; absent for a symbol without a type (`void`). */
  readonly typeId?: number
  /** Its place among all externs as libbpf sorts them: part of the call that stands for a missing weak function. */
  readonly order: number
}

/** A name that an object leaves to the kernel it is loaded into. */
export type Extern = ConfigExtern | KernelExtern

/** By their names. */
export type Externs = ReadonlyMap<string, Extern>
