import { expect, test } from 'vitest'
import type { FileStat } from '../../src/kernel/files.ts'
import { openMemoryKernel } from '../../src/kernel/memory/memory-kernel.ts'
import { PlanError } from '../../src/model/errors.ts'
import { checkDirectory, listStacks } from '../../src/state/check-directory.ts'
import { desired, map } from '../support/builders.ts'
import { writeStack } from './write-stack.ts'

const bpffs = '/sys/fs/bpf'
const path = `${bpffs}/team/edge`

function codeOf(prepare: (kernel: ReturnType<typeof openMemoryKernel>) => void, owners?: readonly number[]): string {
  const kernel = openMemoryKernel()
  kernel.bpffs.makeDirectory(`${bpffs}/team`)
  kernel.bpffs.makeDirectory(path)
  prepare(kernel)
  try {
    checkDirectory(kernel, { path, ...(owners ? { owners } : {}) })
    return 'fine'
  } catch (error) {
    return error instanceof PlanError ? error.code : String(error)
  }
}

test('directories that are ours and closed are fine, and so is one that does not exist', () => {
  expect(codeOf(() => undefined)).toBe('fine')
  expect(codeOf((kernel) => kernel.bpffs.removeDirectory(path))).toBe('fine')
})

test('a directory that group or others may write to is refused, wherever it is on the way', () => {
  expect(codeOf((kernel) => kernel.bpffs.setOwnership(path, { mode: 0o770 }))).toBe('P202')
  expect(codeOf((kernel) => kernel.bpffs.setOwnership(`${bpffs}/team`, { mode: 0o702 }))).toBe('P202')
  expect(codeOf((kernel) => kernel.bpffs.setOwnership(`${bpffs}/team`, { mode: 0o755 }))).toBe('fine')
})

test('a directory of somebody else is refused unless the manifest names that owner', () => {
  const give = (kernel: ReturnType<typeof openMemoryKernel>): void => kernel.bpffs.setOwnership(path, { uid: 4711 })
  expect(codeOf(give)).toBe('P202')
  expect(codeOf(give, [0, 4711])).toBe('fine')
})

test('a pin where a directory should be is refused', () => {
  const pinThere = (kernel: ReturnType<typeof openMemoryKernel>): void => {
    kernel.bpffs.removeDirectory(path)
    using fd = kernel.createMap({ name: 'flows', shape: map('flows').shape })
    kernel.pin(fd, path)
  }
  expect(codeOf(pinThere)).toBe('P202')
})

test('a symbolic link where a directory should be is refused, whoever made it', () => {
  const kernel = openMemoryKernel()
  const stat = (): FileStat => ({ kind: 'symlink', uid: 0, gid: 0, mode: 0o700, inode: 1 })
  const check = (): unknown => checkDirectory({ ...kernel, bpffs: { ...kernel.bpffs, stat } }, { path })
  expect(check).toThrow(expect.objectContaining({ code: 'P202' }))
})

test('no bpffs is said with how to mount one', () => {
  const kernel = openMemoryKernel({ mounts: ['/somewhere/else'] })
  const check = (): unknown => checkDirectory(kernel, { path })
  expect(check).toThrow(expect.objectContaining({ code: 'P201', hint: expect.stringContaining('mount -t bpf') }))
})

test('a bpffs that cannot be used is refused with the reason', () => {
  const kernel = openMemoryKernel()
  const of = (): { mountPoint: string; problem: string } => ({
    mountPoint: bpffs,
    problem: 'another mount hides it',
  })
  const hidden = { ...kernel, bpffs: { ...kernel.bpffs, mounts: () => ({ of, list: () => [] }) } }
  const check = (): unknown => checkDirectory(hidden, { path })
  expect(check).toThrow(expect.objectContaining({ code: 'P201', message: expect.stringContaining('hides') }))
})

test('stacks are the directories that hold a live or staged tree with a record', async () => {
  const kernel = openMemoryKernel()
  await writeStack(kernel, bpffs, { ...desired(map('a')), stack: 'one' })
  await writeStack(kernel, bpffs, { ...desired(map('a')), stack: 'two' }, { tree: 'next' })
  await writeStack(kernel, bpffs, { ...desired(map('a')), stack: 'no-record' }, { record: 'none' })
  kernel.bpffs.makeDirectory(`${bpffs}/empty`)
  expect(listStacks(kernel, bpffs)).toEqual(['one', 'two'])
})
