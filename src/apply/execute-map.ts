import type { Fd, Kernel, MapCreate, MapInfo } from '../kernel/kernel.ts'
import { KernelError, PlanError } from '../model/errors.ts'
import { mapTypeRule } from '../model/map-types.ts'
import type { MapState } from '../model/state.ts'
import type { MapRef, Operation } from '../plan/step.ts'
import { fromHex, type Hex, toHex } from '../util/hex.ts'
import { withoutBtf } from './btf.ts'
import { applyCodes } from './codes.ts'
import { absolute, type Execution } from './execution.ts'
import { isErrno, nameFor } from './problem.ts'
import { wantedMap } from './wanted.ts'

type Of<K extends Operation['kind']> = Operation & { readonly kind: K }

/** Opens somebody else's map by its owner's pin; stale when another object is pinned there. */
export function openMap({ kernel, plan, handles }: Execution, { target, path }: Of<'open-map'>): void {
  const fd = kernel.openPin(absolute(plan, path))
  try {
    const found = kernel.describe(fd)
    const wanted = plan.existing[target]
    if (fd.kind !== 'map' || (wanted !== undefined && found.id !== wanted))
      throw stale(`cannot use ${nameFor(target)}: ${path} is ${found.kind} #${found.id}, planned was map #${wanted}`)
  } catch (error) {
    fd[Symbol.dispose]()
    throw error
  }
  handles.put(target, fd)
}

/** Creates a map as the desired state wants it, with its BTF where kernel and map type take it. */
export function createMap(run: Execution, target: MapRef): void {
  const map = wantedMap(run.desired, target)
  using inner = map.shape.inner && run.kernel.createMap({ name: map.name, shape: map.shape.inner })
  const { name, shape, structOps } = map
  const request = { name, shape, ...(inner && { inner }), ...(structOps !== undefined && { structOps }) }
  run.handles.put(target, createWithBtf(run, map, request))
}

/** Writes the declared entries of a new map; a per-CPU value to every CPU. */
export function writeEntries(
  { kernel, handles }: Execution,
  { target, entries, without = [] }: Of<'write-entries'>,
): void {
  const map = handles.map(target)
  const info = describeMap(kernel, map)
  // Keys of another size were declared for a map of another shape; elements of an array stay.
  const gone = info.type?.includes('array') ? [] : without.filter((key) => key.length === info.shape.keySize * 2)
  for (const key of gone) kernel.remove(map, fromHex(key))
  for (const { key, value } of entries) kernel.update(map, fromHex(key), wholeValue(kernel, info, value))
}

/** Writes the initial bytes of a new data section. */
export function writeData({ kernel, handles, desired }: Execution, target: MapRef): void {
  const { contents, address, shape } = wantedMap(desired, target)
  if (contents.kind === 'data' && contents.initial !== undefined) {
    if (shape.type === 'arena') return kernel.writeArena(handles.map(target), fromHex(contents.initial))
    return kernel.update(handles.map(target), new Uint8Array(4), wholeValue(kernel, shape, contents.initial))
  }
  throw new PlanError(`cannot write ${address}: it has no initial data`, { code: applyCodes.order.code })
}

/** Writes a struct of functions: the desired value, and the programs in it. */
export function writeMembers({ kernel, handles, desired }: Execution, { target, slots }: Of<'write-members'>): void {
  const { contents, address } = wantedMap(desired, target)
  if (contents.kind !== 'members' || contents.value === undefined)
    throw new PlanError(`cannot write ${address}: it has no members`, { code: applyCodes.order.code })
  const programs = Object.entries(slots).map(([at, held]) => [Number(at), handles.program(held)] as const)
  kernel.writeMembers(handles.map(target), fromHex(contents.value), new Map(programs))
}

/** Forbids further writes from user space. Linux 5.2. */
export const freeze = ({ kernel, handles }: Execution, target: MapRef): void => kernel.freeze(handles.map(target))

/** Compare-and-set of one entry of a live map: what is there is `before`, or `after` already; otherwise stale. */
export function setEntry({ kernel, handles }: Execution, { target, key, before, after }: Of<'set-entry'>): void {
  const map = handles.map(target)
  const info = describeMap(kernel, map)
  const bytes = fromHex(key)
  const whole = (value: Hex | undefined) => value && toHex(wholeValue(kernel, info, value))
  const value = kernel.lookup(map, bytes)
  const found = value && toHex(value)
  if (found === whole(after)) return
  if (found !== whole(before)) throw swapped(target, key)
  if (after === undefined) return void kernel.remove(map, bytes)
  try {
    const mode = before === undefined && info.type?.includes('hash') ? 'create' : 'any'
    kernel.update(map, bytes, wholeValue(kernel, info, after), mode)
  } catch (error) {
    throw isErrno(error, 'EEXIST') ? swapped(target, key, error) : error
  }
}

/** What the kernel says of a map. */
export function describeMap(kernel: Kernel, map: Fd<'map'>): MapInfo {
  const info = kernel.describe(map)
  if (info.kind !== 'map') throw new Error(`unreachable: a map that is a ${info.kind}`)
  return info
}

/** Some map types take no BTF, on some kernels more than on others: the second try is without. */
function createWithBtf(run: Execution, map: MapState, request: MapCreate): Fd<'map'> {
  const fd = map.btf && run.btf.of(map.btf.object)
  if (!map.btf || !fd) return run.kernel.createMap(request)
  const { keyTypeId, valueTypeId } = map.btf
  try {
    return run.kernel.createMap({ ...request, btf: { fd, keyTypeId, valueTypeId } })
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    const created = run.kernel.createMap(request)
    // ENOTSUPP (524): this type of map takes none on any kernel, which is no news.
    if (!isErrno(error, 'ENOTSUPP')) run.diagnostics.push(withoutBtf(map.address, error))
    return created
  }
}

/** The value as the system call wants it: in per-CPU maps one for each possible CPU, each padded to 8 bytes. */
function wholeValue(kernel: Kernel, { type }: Pick<MapInfo, 'type'>, value: Hex): Uint8Array {
  const one = fromHex(value)
  if (type === undefined || !mapTypeRule(type).perCpu) return one
  const stride = Math.ceil(one.length / 8) * 8
  const all = new Uint8Array(stride * kernel.identity.possibleCpus)
  for (let at = 0; at < all.length; at += stride) all.set(one, at)
  return all
}

const stale = (message: string): PlanError =>
  new PlanError(message, { code: applyCodes.stale.code, hint: 'plan again' })

const swapped = (target: MapRef, key: Hex, cause?: unknown): PlanError =>
  new PlanError(`cannot set entry ${key} of ${nameFor(target)}: somebody else changed it`, {
    code: applyCodes.swapped.code,
    hint: 'plan again',
    cause,
  })
