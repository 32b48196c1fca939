import type { MapSpec } from '../../model/map-spec.ts'

/**
 * True for a read-only section with variables called `bpf_metadata_…`: bpftool shows them with a program that has the map,
 * whether its code reads it or not.
 */
export const isMetadata = ({ contents }: MapSpec): boolean =>
  contents.kind === 'data' && contents.frozen && contents.variables.some(({ name }) => name.startsWith('bpf_metadata_'))
