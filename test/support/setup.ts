import { afterAll, expect } from 'vitest'
import { leakedSince, openFiles } from './open-files.ts'

// Listed in `setupFiles` of vitest.config.ts, so that this hook comes before the test file's own and runs after them:
// whatever a test file opened it has closed by then.
const before = openFiles()

afterAll(() => {
  expect(leakedSince(before), 'descriptors that nobody closed').toEqual([])
})
