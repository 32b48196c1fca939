import type { MapShape } from '../model/map-spec.ts'
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
export const lacksSize = ({ type, maxEntries }: MapShape): boolean =>
  maxEntries === 0 && !sizeless.has(type) && type !== 'perf_event_array'
