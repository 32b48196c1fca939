import type { Document } from './documents.ts'
import type { OptionValues } from './option-table.ts'
import { type Paint, painter, type Terminal } from './terminal.ts'

/** Where a command speaks, and how it was asked to. */
export interface Speaker {
  readonly options: OptionValues
  readonly terminal: Terminal
}

/** The colours of a terminal, unless the options say no. */
export const paintOf = ({ terminal, options }: Speaker): Paint => painter(!options['no-color'] && terminal.color)

/** Prints a document with --json, else the text, which ends in a line break. */
export function say({ terminal, options }: Speaker, document: Document, text: string): void {
  if (options.json) printDocument(terminal, document)
  else terminal.write(text)
}

/** Prints a document as one line. */
export const printDocument = (terminal: Pick<Terminal, 'write'>, document: Document): void =>
  terminal.write(`${JSON.stringify(document)}\n`)
