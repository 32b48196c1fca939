import type { MapShape, MapSpec } from '../model/map-spec.ts'
import type { MapType } from '../model/map-types.ts'

/** Storage maps have as many entries as there are owners; the kernel insists on 0. */
export const sizeless: ReadonlySet<MapType> = new Set([
  'sk_storage',
  'inode_storage',
  'task_storage',
  'cgrp_storage',
  'cgroup_storage',
  'percpu_cgroup_storage',
])

/** True for a map of which somebody has to say how many entries it has; one for perf events has one for each CPU. */
const lacksSize = ({ type, maxEntries }: MapShape): boolean =>
  maxEntries === 0 && !sizeless.has(type) && type !== 'perf_event_array'

/** Their values are no matter of the loader's, or there are none. */
const valueless: ReadonlySet<MapType> = new Set(['ringbuf', 'user_ringbuf', 'arena'])

/** True for a map with values of its own, as other maps, programs and the kernel's structs are not. */
export const hasValues = ({ shape, contents }: MapSpec): boolean =>
  !valueless.has(shape.type) && (contents.kind === 'none' || contents.kind === 'data')

/** True for a map of which somebody has to say how long its values are. */
export const lacksValueSize = (spec: MapSpec): boolean => hasValues(spec) && spec.shape.valueSize === 0

/** Bytes of a stack trace: the 127 frames of PERF_MAX_STACK_DEPTH, which tools take. */
export const usualTrace: number = 127 * 8

/** What the object leaves to whoever loads it. */
export interface LeftSizes {
  readonly maxEntries?: number
  readonly valueSize?: number
}

/**
 * Sizes that will do where the object leaves them: a ring holds a page of any machine, and of other maps the verifier looks at the
 * indexes of arrays only. It looks at values, too, so that any length but that of a trace would prove nothing.
 */
export function usualSizes(spec: MapSpec): LeftSizes {
  const isRing = spec.shape.type === 'ringbuf' || spec.shape.type === 'user_ringbuf'
  return {
    ...(lacksSize(spec.shape) && { maxEntries: isRing ? 65_536 : 128 }),
    ...(spec.shape.type === 'stack_trace' && lacksValueSize(spec) && { valueSize: usualTrace }),
  }
}
