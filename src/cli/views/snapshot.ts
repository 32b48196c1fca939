import type { HostSnapshot } from '../../index.ts'
import { counted, bytes as sized } from './text.ts'

/** What a snapshot that went into a file holds. */
export interface SnapshotSummary {
  readonly type: 'snapshot-taken'
  readonly file: string
  readonly host: string
  readonly bytes: number
  readonly maps: number
  readonly programs: number
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
  return { type: 'snapshot-taken', file, host: kernel.host.name, bytes, ...numbers, btf: machine?.types !== undefined }
}

/** The summary for people. */
export function renderSnapshot({ file, host, bytes, maps, programs, links, btf }: SnapshotSummary): string {
  const objects = [counted(maps, 'map'), counted(programs, 'program'), counted(links, 'link')].join(', ')
  const types = btf ? " and its kernel's types" : ''
  return `Written: ${file}, ${sized(bytes)}: ${objects} of ${host}${types}.\n`
}
