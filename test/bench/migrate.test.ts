import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { noSandbox } from '../examples/sandbox.ts'

test.skipIf(noSandbox() !== undefined).each(['same', 'field'])(
  'the benchmark of a migration (%s) copies every entry',
  (kind) => {
    const script = `mount -t bpf bpf /mnt && exec "$@" /mnt 1000 ${kind}`
    const words = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh']
    const { status, stdout, stderr } = spawnSync('unshare', [...words, process.execPath, 'bench/migrate/one.mjs'], {
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ cpu: expect.any(Number), memory: expect.any(Number) })
  },
)
