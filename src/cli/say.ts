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
export function say({ terminal, options }: Speaker, document: object, text: string): void {
  terminal.write(options.json ? `${JSON.stringify(document)}\n` : text)
}
