/** What programs can be attached to in the system, by name: for whoever has to answer later what now could still be asked. */
export interface AttachPlaces {
  /** Network interfaces of this network namespace, with their indexes. */
  readonly interfaces: readonly NamedNumber[]
  /** Cgroup v2 directories with their ids, parents first. */
  readonly cgroups: readonly NamedNumber[]
  /** Mount points of the cgroup2 file systems below which all of those were looked for. */
  readonly cgroupRoots: readonly string[]
  /** There are more cgroups than anybody wants to list. */
  readonly moreCgroups?: true
  /** Files of network namespaces with their inodes. */
  readonly namespaces: readonly NamedNumber[]
  /** Directories whose every namespace is in the list. */
  readonly namespaceRoots: readonly string[]
  /** Names of tracepoints by category; absent where no tracefs tells. */
  readonly tracepoints?: Readonly<Record<string, readonly string[]>>
}

/** A name, and the number that the kernel knows it by. */
export type NamedNumber = readonly [name: string, number: number]
