import type { HostSnapshot } from '../../index.ts'
import { counted, bytes as sized } from './text.ts'

/** What a snapshot that went into a file holds. */
export interface SnapshotSummary {
  readonly type: 'snapshot-taken'
  readonly version: 1
  readonly file: string
  /** The name of the host that was looked at. */
  readonly host: string
  /** How large the file is. */
  readonly bytes: number
  /** How many maps it tells of. */
  readonly maps: number
  /** How many programs it tells of. */
  readonly programs: number
  /** How many links it tells of. */
  readonly links: number
  /** With the kernel's types and symbols. */
  readonly btf: boolean
}

/** Counts what was taken. */
export function snapshotSummary(
  { kernel, maps, programs, links, machine }: HostSnapshot,
  file: string,
  bytes: number,
): SnapshotSummary {
  const numbers = { maps: maps.length, programs: programs.length, links: links.length }
  const host = kernel.host.name
  return { type: 'snapshot-taken', version: 1, file, host, bytes, ...numbers, btf: machine?.types !== undefined }
}

/** The summary for people. */
export function renderSnapshot({ file, host, bytes, maps, programs, links, btf }: SnapshotSummary): string {
  const objects = [counted(maps, 'map'), counted(programs, 'program'), counted(links, 'link')].join(', ')
  const types = btf ? " and its kernel's types" : ''
  return `Written: ${file}, ${sized(bytes)}: ${objects} of ${host}${types}.\n`
}
