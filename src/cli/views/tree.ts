/** One line of a tree and what hangs below it. */
export interface Branch {
  readonly text: string
  readonly children?: readonly Branch[]
}

/** The lines of a tree, its root flush left. */
export const renderTree = (root: Branch): string[] => [root.text, ...(root.children ?? []).flatMap(below)]

function below(branch: Branch, index: number, siblings: readonly Branch[]): string[] {
  const last = index === siblings.length - 1
  const [first = '', ...rest] = renderTree(branch)
  return [`${last ? '└─ ' : '├─ '}${first}`, ...rest.map((line) => `${last ? '   ' : '│  '}${line}`)]
}

/** Names padded to one width, so that what follows stands in a column. */
export function aligned(
  rows: readonly (readonly [name: string, text: string, children?: readonly Branch[]])[],
): Branch[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, text, children = []]) => ({ text: `${name.padEnd(width)}  ${text}`, children }))
}
