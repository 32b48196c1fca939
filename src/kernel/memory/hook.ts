import { placeKey } from '../../model/link-spec.ts'
import type { LinkTargetInfo } from '../kernel.ts'

/**
 * The place within a target that a link occupies, by what a kernel tells of its links: so those of a copied host stand at the same
 * places as those that are made on the copy. Of XDP it does not tell the mode; struct_ops have hooks of their own.
 */
export function hookOf(target: LinkTargetInfo, mode: 'native' | 'generic' = 'native'): string {
  switch (target.kind) {
    case 'xdp':
      return `xdp:${target.ifindex}:${mode}`
    case 'tracepoint':
      return `tracepoint:${target.name ?? '?'}`
    case 'iter':
      return `iter:${target.target}`
    case 'struct_ops':
      return `struct_ops:#${target.mapId}`
    default:
      return placeKey(target)
  }
}
