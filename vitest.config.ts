import { defineConfig } from 'vitest/config'

// Every Node that a test starts would read them: 30 ms for Debian's certificates.
delete process.env.NODE_EXTRA_CA_CERTS

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Fails a file that leaves a descriptor open, an apply after which the kernel holds something else than was planned,
    // and what is printed as JSON and does not fit the schemas.
    setupFiles: [
      'test/support/setup.ts',
      'test/support/apply-observed.ts',
      'test/support/main-checked.ts',
      'test/support/snapshot-checked.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Kernel tests mount file systems and count descriptors: a process of its own for each file.
    pool: 'forks',
    maxWorkers: 2,
  },
})
