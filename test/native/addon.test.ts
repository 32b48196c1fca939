import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadAddon } from '../../src/kernel/addon.ts'

const addon = process.platform === 'linux' ? loadAddon() : undefined
const linuxTest = test.skipIf(addon === undefined)
const EFAULT = 14
const EINVAL = 22
const [ENOENT, EISDIR, ENOBUFS] = [2, 21, 105]
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
  'what calls say of each name in directories is left in its slot (on the thread pool: %s)',
  async (later) => {
    const directory = mkdtempSync(join(tmpdir(), 'pinfold-'))
    for (const name of ['b', 'a']) writeFileSync(join(directory, name), '')
    mkdirSync(join(directory, 'c'))
    const call = (memory: Uint8Array, names: Uint8Array): number | Promise<number> => {
      const each = [form, new Uint8Array(slotSize), memory, names, [directory, join(directory, 'missing')]] as const
      return (later ? addon?.bpfEach(...each, true) : addon?.bpfEach(...each)) ?? 0
    }
    const [memory, names] = [new Uint8Array(5 * slotSize), new Uint8Array(8)]
    expect(await call(memory, names)).toBe(8)
    expect(Buffer.from(names).toString()).toBe('a/b/c///')
    const results = [0, 1, 2, 3, 4].map((slot) => new DataView(memory.buffer).getInt32(slot * slotSize + 16, true))
    expect(results).toEqual([-EINVAL, -EINVAL, -EISDIR, 0, -ENOENT])
    expect(await call(new Uint8Array(5 * slotSize - 1), names)).toBe(-ENOBUFS)
    expect(await call(memory, new Uint8Array(7))).toBe(-ENOBUFS)
    rmSync(directory, { recursive: true })
  },
)

linuxTest('a slot of another size than its form says is refused', () => {
  const [memory, names] = [new Uint8Array(100), new Uint8Array(100)]
  expect(addon?.bpfEach(form, new Uint8Array(slotSize - 1), memory, names, ['/'])).toBe(-EFAULT)
  expect(addon?.bpfEach(form.subarray(4), new Uint8Array(slotSize), memory, names, ['/'])).toBe(-EFAULT)
  expect(addon?.bpfEach(form, new Uint8Array(slotSize), memory, names, '/' as never)).toBe(-EFAULT)
})

const slotSize = 56
/** Commands that the kernel does not know, each with 16 bytes; the path's address, and twice one of the 8 bytes behind. */
const form = new Uint8Array(new Uint32Array([slotSize, 9998, 16, 9999, 16, 0, 24, 32, 40, 48]).buffer)

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
