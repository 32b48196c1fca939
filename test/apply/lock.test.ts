import { expect, test } from 'vitest'
import { lockStack } from '../../src/apply/lock.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import { bpffs } from './runs.ts'

const directory = `${bpffs}/edge`

test('two processes cannot apply one stack at once, and a killed one holds nothing up', () => {
  const machine = openMemoryMachine()
  const first = machine.open()
  lockStack(first, directory, { create: true })
  const second = machine.open()
  expect(() => lockStack(second, directory)).toThrow(expect.objectContaining({ code: 'P302' }))
  first.kill()
  lockStack(second, directory)[Symbol.dispose]()
})

test('the directory is made for its owner alone, and removed again if nothing came into it', () => {
  const kernel = openMemoryMachine().open()
  {
    using _lock = lockStack(kernel, directory, { create: true })
    expect(kernel.bpffs.stat(directory)).toMatchObject({ mode: 0o700 })
  }
  expect(kernel.bpffs.stat(directory)).toBeUndefined()
  {
    using _lock = lockStack(kernel, directory, { create: true })
    kernel.bpffs.makeDirectory(`${directory}/live`)
  }
  expect(kernel.bpffs.stat(directory)).toBeDefined()
})

test('a directory that was there stays, empty or not', () => {
  const kernel = openMemoryMachine().open()
  kernel.bpffs.makeDirectory(directory)
  lockStack(kernel, directory, { create: true })[Symbol.dispose]()
  expect(kernel.bpffs.stat(directory)).toBeDefined()
})

test('without a directory there is no stack to lock', () => {
  expect(() => lockStack(openMemoryMachine().open(), directory)).toThrow(expect.objectContaining({ errno: 'ENOENT' }))
})

test('a lock on a directory that was replaced meanwhile is not taken for a lock', () => {
  const kernel = openMemoryMachine().open()
  kernel.bpffs.makeDirectory(directory)
  const replaced = {
    ...kernel,
    bpffs: {
      ...kernel.bpffs,
      lock: (path: string) => {
        const lock = kernel.bpffs.lock(path)
        kernel.bpffs.removeDirectory(path)
        kernel.bpffs.makeDirectory(path)
        return lock
      },
    },
  }
  expect(() => lockStack(replaced, directory)).toThrow(expect.objectContaining({ code: 'P302' }))
})
