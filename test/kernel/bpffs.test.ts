import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linuxBpffs as bpffs } from '../../src/kernel/bpffs.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'

describe.skipIf(!canTestLinux)('the pin file system', () => {
  const host = openTestHost()
  let kernel: Kernel
  beforeAll(() => {
    kernel = openLinuxKernel()
  })
  afterAll(() => {
    kernel?.close()
    host[Symbol.dispose]()
  })

  let counter = 0
  /** A fresh directory with a pinned map in it. */
  const pinned = (): { directory: string; path: string; id: number } => {
    const directory = `${host.bpffs}/d${counter++}`
    const path = `${directory}/pin`
    bpffs.makeDirectory(directory)
    const shape = { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 } as const
    using map = kernel.createMap({ name: 'm', shape })
    kernel.pin(map, path)
    return { directory, path, id: kernel.describe(map).id }
  }
  const idAt = (path: string): number => kernel.describePin(path).id
  const failing = (fields: object): unknown => expect.objectContaining({ name: 'KernelError', ...fields })

  test('says what is at a path', () => {
    const { directory, path } = pinned()
    symlinkSync(path, `${directory}/name`)
    expect(bpffs.stat(directory)).toMatchObject({ kind: 'directory', uid: 0, mode: 0o700 })
    expect(bpffs.stat(path)).toMatchObject({ kind: 'pin', mode: 0o600, inode: expect.any(Number) })
    expect(bpffs.stat(`${directory}/name`)).toMatchObject({ kind: 'symlink' })
    expect(bpffs.stat(`${directory}/none`)).toBeUndefined()
    expect(bpffs.list(directory)).toEqual([
      { name: 'name', directory: false },
      { name: 'pin', directory: false },
    ])
    expect(() => bpffs.list(path)).toThrow(failing({ errno: 'ENOTDIR', code: 'K020' }))
  })

  test('links, renames, exchanges and replaces', () => {
    const [a, b] = [pinned(), pinned()]
    bpffs.link(a.path, `${a.directory}/second`)
    expect(idAt(`${a.directory}/second`)).toBe(a.id)
    expect(() => bpffs.link(a.path, b.path)).toThrow(failing({ errno: 'EEXIST', code: 'K017' }))
    expect(() => bpffs.rename(a.path, b.path)).toThrow(failing({ command: 'renameat2', errno: 'EEXIST' }))
    bpffs.exchange(a.path, b.path)
    expect([idAt(a.path), idAt(b.path)]).toEqual([b.id, a.id])
    bpffs.exchange(a.directory, b.directory)
    expect([idAt(a.path), idAt(b.path)]).toEqual([a.id, b.id])
    expect(() => bpffs.exchange(a.path, `${a.directory}/none`)).toThrow(failing({ errno: 'ENOENT' }))
    bpffs.replace(a.path, b.path)
    expect(idAt(b.path)).toBe(a.id)
    bpffs.rename(b.path, a.path)
    expect(bpffs.stat(b.path)).toBeUndefined()
  })

  test('removes pins and empty directories only', () => {
    const { directory, path } = pinned()
    expect(() => bpffs.removeDirectory(directory)).toThrow(failing({ errno: 'ENOTEMPTY', code: 'K039' }))
    bpffs.unpin(path)
    bpffs.removeDirectory(directory)
    expect(() => bpffs.unpin(path)).toThrow(failing({ errno: 'ENOENT', target: path }))
  })

  test('changes owner and mode, each by itself', () => {
    const { directory } = pinned()
    bpffs.setOwnership(directory, { mode: 0o750 })
    bpffs.setOwnership(directory, { uid: 1234 })
    bpffs.setOwnership(directory, { gid: 4321 })
    expect(bpffs.stat(directory)).toMatchObject({ uid: 1234, gid: 4321, mode: 0o750 })
  })

  test('finds its mount, also through symbolic links and for paths that do not exist yet', () => {
    symlinkSync(host.bpffs, `${host.directory}/link`)
    expect(bpffs.mountOf(`${host.directory}/link/not/yet`)).toEqual({ mountPoint: host.bpffs })
    expect(bpffs.mountOf(host.directory)).toBeUndefined()
  })

  test('mounts where it is asked to, closed to others, and sees what is wrong with a second mount', () => {
    const path = `${host.directory}/fresh/bpffs`
    bpffs.mount(path)
    try {
      expect(bpffs.stat(path)).toMatchObject({ mode: 0o1700 })
      expect(bpffs.mountOf(`${path}/x`)).toEqual({ mountPoint: path })
      bpffs.mount(path)
      expect(bpffs.mountOf(path)).toEqual({ mountPoint: path, problem: expect.stringMatching(/hides/) })
    } finally {
      for (let left = 5; left > 0 && bpffs.mountOf(path); left--) run('umount', path)
    }
    expect(bpffs.mountOf(path)).toBeUndefined()
  })

  test.each([
    ['a path on another file system', () => `${host.directory}/pin`, 'EPERM'],
    ['a name with a dot', () => `${host.bpffs}/a.b`, 'EPERM'],
    ['a directory that does not exist', () => `${host.bpffs}/none/pin`, 'ENOENT'],
    ['a path that is taken', () => pinned().path, 'EEXIST'],
  ])('refuses to pin at %s', (_, path, errno) => {
    const { path: from } = pinned()
    using fd = kernel.openPin(from)
    const to = path()
    expect(() => kernel.pin(fd, to)).toThrow(failing({ command: 'BPF_OBJ_PIN', errno, target: to }))
  })

  test.each([
    ['nothing', () => `${host.bpffs}/none`, 'ENOENT'],
    ['a directory', () => host.bpffs, 'EACCES'],
    ['an ordinary file', () => `${host.directory}/file`, 'EACCES'],
    ['a path with a NUL', () => `${pinned().path}\0x`, 'ENAMETOOLONG'],
    ['a path beyond every limit', () => `/${'x'.repeat(5000)}`, 'ENAMETOOLONG'],
  ])('refuses to open %s', (_, path, errno) => {
    writeFileSync(`${host.directory}/file`, '')
    mkdirSync(`${host.directory}/fresh`, { recursive: true })
    for (const open of [kernel.openPin.bind(kernel), kernel.describePin]) {
      expect(() => open(path())).toThrow(failing({ command: 'BPF_OBJ_GET', errno }))
    }
  })
})
