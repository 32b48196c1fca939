import type { RecordedLink, RecordedMap, RecordedProgram, StackRecord } from '../model/record.ts'

/**
 * A record's rows by name. Maps rather than the record's own tables: names come from users, and `constructor` is a fine name for
 * a map; and each pin of a large host is looked up, which costs a table several times as much where the name was just read.
 */
export interface RecordRows {
  readonly maps: ReadonlyMap<string, RecordedMap>
  readonly programs: ReadonlyMap<string, RecordedProgram>
  readonly links: ReadonlyMap<string, RecordedLink>
}

/** None where there is no record. */
export const rowsOf = (record: StackRecord | undefined): RecordRows => ({
  maps: new Map(Object.entries(record?.maps ?? {})),
  programs: new Map(Object.entries(record?.programs ?? {})),
  links: new Map(Object.entries(record?.links ?? {})),
})
