import { posix } from 'node:path'
import type { CheckContext, Found } from './complain.ts'
import type { Path } from './manifest.ts'
import { childrenOf, nodeAt, textAt } from './source-tree.ts'

/** Checks the paths of pins elsewhere: none in the stack's own directory, and none at a name that another one needs. */
export function* checkPins({ root, bpffs }: CheckContext): Iterable<Found> {
  const stack = textAt(root, ['name'])
  for (const path of childrenOf(nodeAt(root, ['pins'])).keys()) {
    const place: Path = ['pins', path]
    const own = stack === undefined ? undefined : posix.join(bpffs, stack)
    if (own !== undefined && `${path}/`.startsWith(`${own}/`)) {
      const detail = `${path} is in the directory of the stack "${stack}" itself, where every object has its pin already.`
      yield ['M022', { path: place, detail, hint: 'leave it out, or choose a path elsewhere', part: 'key' }]
    }
    if (/:(next|old)$/.test(path) || Buffer.byteLength(posix.basename(path)) > longestName) {
      const detail = `${path}: the name of a pin elsewhere has at most ${longestName} bytes and does not end in ":next" or ":old", since the pin is made beside its path and then put there.`
      yield ['M016', { path: place, detail, hint: 'choose another name', part: 'key' }]
    }
  }
}

const longestName = 255 - ':next'.length
