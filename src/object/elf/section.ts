/** A section's header, with its name. */
export interface Section {
  readonly index: number
  readonly name: string
  readonly type: number
  readonly flags: number
  /** Byte offset in the file. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  readonly link: number
  readonly info: number
}

/** `sh_type` values that the loader reads. */
export const sectionTypes = { progbits: 1, symtab: 2, rela: 4, nobits: 8, rel: 9 } as const
const flagExecutable = 4
/** True for a section that holds instructions. */
export const isCode = (section: Section): boolean =>
  section.type === sectionTypes.progbits && (section.flags & flagExecutable) !== 0 && section.size > 0
