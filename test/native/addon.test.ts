import { expect, test } from 'vitest'
import { loadAddon } from '../../src/kernel/addon.ts'

const addon = process.platform === 'linux' ? loadAddon() : undefined
const linuxTest = test.skipIf(addon === undefined)
const EFAULT = 14
const EINVAL = 22
const EBADF = 9

linuxTest('an errno comes back as a negative number', () => {
  const unknownCommand = 9999
  expect(addon?.bpf(unknownCommand, new Uint8Array(16))).toBe(-EINVAL)
  expect(addon?.close(-1)).toBe(-EBADF)
  expect(addon?.flock(-1, 1)).toBe(-EBADF)
})

linuxTest('an errno of the thread pool comes back the same way', async () => {
  await expect(addon?.bpfAsync(9999, new Uint8Array(16))).resolves.toBe(-EINVAL)
})

linuxTest.each([true, false])(
  'calls of many slots leave their errno in each slot (on the thread pool: %s)',
  async (later) => {
    const [open, ask, size] = [9998, 9999, 32]
    const memory = new Uint8Array(3 * size)
    const row = new Uint8Array(new Uint32Array([2, size, open, 16, ask, 16]).buffer)
    const call = later ? addon?.bpfEach(memory, row, true) : addon?.bpfEach(memory, row)
    expect(await call).toBe(0)
    const results = [0, 1, 2].map((slot) => new DataView(memory.buffer).getInt32(slot * size + 16, true))
    expect(results).toEqual([-EINVAL, -EINVAL, 0])
    const tooMany = new Uint8Array(new Uint32Array([4, size, open, 16, ask, 16]).buffer)
    expect(addon?.bpfEach(memory, tooMany)).toBe(-EFAULT)
  },
)

linuxTest('the address of a buffer is written at its offset, in place', () => {
  const bytes = new Uint8Array(16)
  expect(addon?.point(bytes, [8, new Uint8Array(100)])).toBe(0)
  expect(bytes.subarray(0, 8)).toEqual(new Uint8Array(8))
  expect(new BigUint64Array(bytes.buffer)[1]).not.toBe(0n)
})

linuxTest.each([
  ['behind the end', [16, new Uint8Array(8)]],
  ['across the end', [9, new Uint8Array(8)]],
  ['before the beginning', [-1, new Uint8Array(8)]],
  ['of something that is no buffer', [0, 'text']],
  ['of a buffer of words', [0, new Uint32Array(8)]],
  ['at something that is no number', ['0', new Uint8Array(8)]],
])('an address %s is refused without writing', async (_, pointers) => {
  const bytes = new Uint8Array(16)
  expect(addon?.bpf(0, bytes, pointers as never)).toBe(-EFAULT)
  await expect(addon?.bpfAsync(0, bytes, pointers as never)).resolves.toBe(-EFAULT)
  expect(bytes).toEqual(new Uint8Array(16))
})

linuxTest('arguments of another type are refused, not misread', () => {
  expect(addon?.bpf('0' as never, new Uint8Array(16))).toBe(-EFAULT)
  expect(addon?.bpf(0, 'attr' as never)).toBe(-EFAULT)
  expect(addon?.bpf(0, new Uint8Array(16), 'pointers' as never)).toBe(-EFAULT)
  expect(addon?.perfEventOpen('attr' as never, 0, 0, 0, 0)).toBe(-EFAULT)
  expect(addon?.netlink(new Uint8Array(1), 'reply' as never)).toBe(-EFAULT)
})
