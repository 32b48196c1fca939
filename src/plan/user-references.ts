import type { MapLayout } from '../model/map-spec.ts'
import { mapTypeRule } from '../model/map-types.ts'
import type { MapState } from '../model/state.ts'

/**
 * True for a map that loses something at its last user reference (descriptor or pin), even while programs use it: program
 * arrays are emptied, sockmaps and sockhashes release their programs, timers and work queues in values are cancelled.
 */
export const needsHolder = (map: Pick<MapState, 'shape' | 'layout'>): boolean =>
  mapTypeRule(map.shape.type).atLastUserReference !== undefined || cancelsTimers(map.layout)

/** True for a map with timers or work queues in its values. */
export const cancelsTimers = (layout: MapLayout): boolean => timerTypes.some((name) => layout.value?.includes(name))

/** Kernel types whose owner map cancels them at its last user reference (68134668c17f, d56b63cf0c0f). */
const timerTypes = ['bpf_timer', 'bpf_wq']
