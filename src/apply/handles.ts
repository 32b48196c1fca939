import type { Fd, Kernel, ObjectKind } from '../kernel/kernel.ts'
import { addressOf, kindOf, type Ref } from '../model/address.ts'
import { PlanError } from '../model/errors.ts'
import type { ForeignMap, ForeignProgram } from '../model/state.ts'
import type { Plan } from '../plan/plan.ts'
import type { HeldByLink, HeldProgram, LinkRef, MapRef, ProgramRef } from '../plan/step.ts'
import { applyCodes } from './codes.ts'
import { isErrno, nameFor } from './problem.ts'

/** What a descriptor stands for. */
type Used = Ref | ForeignProgram | ForeignMap

/**
 * The descriptors of an apply by reference, and their owner: whatever is open at the end is closed by `dispose`. What a
 * step made is put in; what existed before is opened by its planned id when it is first asked for.
 */
export class Handles implements Disposable {
  readonly #kernel: Kernel
  readonly #existing: Plan['existing']
  readonly #open = new Map<Used, Fd<ObjectKind>>()
  /** What steps made; asked of the kernel only when somebody needs the id. */
  readonly #made = new Set<Used>()
  readonly #ids = new Map<Used, number>()

  constructor(kernel: Kernel, existing: Plan['existing']) {
    this.#kernel = kernel
    this.#existing = existing
  }

  /** The descriptor of a map. Throws a stale PlanError when an existing one is gone. */
  map(ref: MapRef | ForeignMap): Fd<'map'> {
    return this.#get('map', ref)
  }

  program(held: HeldProgram): Fd<'program'> {
    return this.#get('program', held)
  }

  /** What a link runs: a program, or a map of them. */
  linked(held: HeldByLink): Fd<'program'> | Fd<'map'> {
    const isMap = held.startsWith('map#') || held.slice(5).startsWith('map.')
    return isMap ? this.#get('map', held) : this.#get('program', held)
  }

  link(ref: LinkRef): Fd<'link'> {
    return this.#get('link', ref)
  }

  /** The descriptor of an object of any kind. */
  any(ref: Ref): Fd<ObjectKind> {
    return this.#get(kindOf(addressOf(ref)), ref)
  }

  /** Hands a new object over; a former descriptor of the same reference is closed. */
  put(ref: MapRef | ProgramRef | LinkRef, fd: Fd<ObjectKind>): void {
    this.release(ref)
    this.#open.set(ref, fd)
    this.#made.add(ref)
    this.#ids.delete(ref)
  }

  /** True for what a step of this apply made. */
  made(ref: Ref): boolean {
    return this.#made.has(ref)
  }

  /** The kernel id of an object that existed before the first step, or that a step made and that is open. */
  idOf(held: Used): number {
    const id = this.#ids.get(held) ?? (this.#made.has(held) ? this.#describedId(held) : this.#plannedId(held))
    if (id === undefined) throw tooEarly(held)
    this.#ids.set(held, id)
    return id
  }

  /** Closes a descriptor, if it is open; the object can still be opened again as long as something else keeps it. */
  release(held: Used): void {
    const fd = this.#open.get(held)
    this.#open.delete(held)
    fd?.[Symbol.dispose]()
  }

  /** Closes a descriptor early; the object is opened again by its id if it is asked for after all. */
  settle(held: Used): void {
    if (!this.#open.has(held)) return
    this.idOf(held)
    this.release(held)
  }

  /** Closes all programs and links, so that none of them lives on only because this process has it open. */
  releaseRunning(): void {
    for (const [held, fd] of this.#open) if (fd.kind !== 'map') this.release(held)
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open.values()) fd[Symbol.dispose]()
    this.#open.clear()
  }

  #get<K extends ObjectKind>(kind: K, held: Used): Fd<K> {
    const open = this.#open.get(held)
    if (open) return open as Fd<K>
    const fd = this.#openById(kind, held)
    this.#open.set(held, fd)
    return fd
  }

  #openById<K extends ObjectKind>(kind: K, held: Used): Fd<K> {
    const id = this.idOf(held)
    try {
      return this.#kernel.openById(kind, id)
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
      throw new PlanError(`cannot use ${nameFor(held)}: ${kind} #${id} is gone`, {
        code: applyCodes.stale.code,
        hint: 'plan again',
        cause: error,
      })
    }
  }

  #describedId(held: Used): number | undefined {
    const fd = this.#open.get(held)
    return fd && this.#kernel.idOf(fd)
  }

  #plannedId(held: Used): number | undefined {
    const known = held.startsWith('map#') ? undefined : this.#existing[held as Ref | ForeignProgram]
    return known ?? (held.includes('#') ? Number(held.slice(held.indexOf('#') + 1)) : undefined)
  }
}

const tooEarly = (held: Used): PlanError =>
  new PlanError(`cannot use ${nameFor(held)}: the plan refers to it where no step has made it`, {
    code: applyCodes.order.code,
  })
