import { vi } from 'vitest'
import { checkDocument } from './printed.ts'

type Taking = typeof import('../../src/state/snapshot/take-snapshot.ts')

// Listed in `setupFiles` of vitest.config.ts: whatever snapshot any test takes must fit its schema, also one that goes into a file.
vi.mock('../../src/state/snapshot/take-snapshot.ts', async (importOriginal) => {
  const original = await importOriginal<Taking>()
  return { ...original, takeSnapshot: checked(original.takeSnapshot) }
})

const checked =
  (takeSnapshot: Taking['takeSnapshot']): Taking['takeSnapshot'] =>
  async (kernel, options) => {
    const taken = await takeSnapshot(kernel, options)
    checkDocument(JSON.parse(JSON.stringify(taken)), 'a snapshot')
    return taken
  }
