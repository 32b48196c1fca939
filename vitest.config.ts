import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Fails a file that leaves a descriptor open.
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Kernel tests mount file systems and count descriptors: a process of its own for each file.
    pool: 'forks',
    maxWorkers: 2,
  },
})
