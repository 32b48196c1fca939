import type { SymbolAddress } from '../model/machine.ts'

/**
 * The addresses of some symbols in the text of /proc/kallsyms, whose lines are `ffffffff81000000 T name`, with a tab and a module
 * behind for those of modules.
 */
export function symbolsIn(text: string, names: ReadonlySet<string>): ReadonlyMap<string, SymbolAddress> {
  const found = new Map<string, SymbolAddress>()
  // A search for each name: walking a hundred thousand lines costs more than many searches.
  for (const name of names) {
    for (const address of addressesOf(text, name)) addSymbol(found, name, address)
  }
  return found
}

function* addressesOf(text: string, name: string): Generator<bigint> {
  const needle = ` ${name}`
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
    const end = text[at + needle.length]
    const start = text.lastIndexOf('\n', at) + 1
    if (end === '\n' || end === '\t') yield BigInt(`0x${text.slice(start, text.indexOf(' ', start))}`)
  }
}

function addSymbol(found: Map<string, SymbolAddress>, name: string, address: bigint): void {
  const before = found.get(name)
  if (!before) found.set(name, { address, ambiguous: false })
  else if (before.address !== address) found.set(name, { ...before, ambiguous: true })
}
