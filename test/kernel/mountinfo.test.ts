import { describe, expect, test } from 'vitest'
import { findBpffs, listBpffs, parseMountinfo } from '../../src/kernel/mountinfo.ts'

const line = (id: number, parent: number, mountPoint: string, type: string, root = '/'): string =>
  `${id} ${parent} 0:${id} ${root} ${mountPoint} rw,nosuid shared:${id} master:1 - ${type} ${type} rw,mode=700`
const usual = [line(1, 0, '/', 'ext4'), line(2, 1, '/sys', 'sysfs'), line(3, 2, '/sys/fs/bpf', 'bpf')]
const find = (lines: readonly string[], path: string): ReturnType<typeof findBpffs> =>
  findBpffs(parseMountinfo(`${lines.join('\n')}\n`), path)

describe('parseMountinfo', () => {
  test('reads a line with and without optional fields, and undoes the escapes', () => {
    const text =
      '36 35 98:0 /a\\040b /mnt\\011x rw - bpf none rw\n37 36 98:0 / /y rw master:1 unbindable - ext4 /dev/x rw\n'
    expect(parseMountinfo(text)).toEqual([
      { id: 36, parent: 35, root: '/a b', mountPoint: '/mnt\tx', type: 'bpf', device: '98:0', isPropagated: false },
      { id: 37, parent: 36, root: '/', mountPoint: '/y', type: 'ext4', device: '98:0', isPropagated: true },
    ])
  })
})

describe('the bpffs of a path', () => {
  test('is the mount that the path is on', () => {
    expect(find(usual, '/sys/fs/bpf/edge/live')).toEqual({ mountPoint: '/sys/fs/bpf' })
    expect(find(usual, '/sys/fs/bpf')).toEqual({ mountPoint: '/sys/fs/bpf' })
  })

  test('is none for a path beside it', () => {
    expect(find(usual, '/sys/fs/bpffs')).toBeUndefined()
    expect(find(usual, '/sys/fs')).toBeUndefined()
    expect(find(usual, '/tmp')).toBeUndefined()
  })

  test('is the innermost of nested ones', () => {
    expect(find([...usual, line(4, 3, '/sys/fs/bpf/inner', 'bpf')], '/sys/fs/bpf/inner/x')).toEqual({
      mountPoint: '/sys/fs/bpf/inner',
    })
  })

  test.each([
    ['a bpffs mounted twice on one place', [...usual, line(4, 3, '/sys/fs/bpf', 'bpf')], /over another bpffs/],
    ['a tmpfs over the bpffs', [...usual, line(4, 3, '/sys/fs/bpf', 'tmpfs')], /another file system is mounted over/],
    [
      'a tmpfs over a directory above',
      [...usual, line(4, 2, '/sys/fs', 'tmpfs')],
      /another file system is mounted over/,
    ],
    ['a new /sys over the old one', [...usual, line(4, 2, '/sys', 'sysfs')], /another file system is mounted over/],
    [
      'a part of a bpffs',
      [...usual.slice(0, 2), line(3, 2, '/sys/fs/bpf', 'bpf', '/edge')],
      /only \/edge of another bpffs/,
    ],
  ])('has a problem: %s', (_, lines, problem) => {
    expect(find(lines, '/sys/fs/bpf/edge')).toEqual({
      mountPoint: '/sys/fs/bpf',
      problem: expect.stringMatching(problem),
    })
  })

  test('a bpffs hidden by a tmpfs does not matter beside it', () => {
    expect(find([...usual, line(4, 3, '/sys/fs/bpf', 'tmpfs'), line(5, 1, '/b', 'bpf')], '/b/x')).toEqual({
      mountPoint: '/b',
    })
  })

  test('is seen in a mount namespace whose root mount has a parent outside', () => {
    expect(find([line(11, 7, '/', 'overlay'), line(12, 11, '/bpf', 'bpf')], '/bpf/x')).toEqual({ mountPoint: '/bpf' })
  })
})

describe('listBpffs', () => {
  const line = (id: number, device: string, mountPoint: string, type: string, root = '/'): string =>
    `${id} 1 ${device} ${root} ${mountPoint} rw - ${type} x rw`
  const here = parseMountinfo(
    [
      '1 0 8:1 / / rw - ext4 x rw',
      line(2, '0:30', '/sys/fs/bpf', 'bpf'),
      line(3, '0:31', '/mine', 'bpf'),
      line(4, '0:32', '/part', 'bpf', '/below'),
      line(5, '0:33', '/proc', 'proc'),
    ].join('\n'),
  )

  test('names each bpffs that is mounted whole', () => {
    expect(listBpffs(here, { first: here, contained: false })).toEqual([
      { mountPoint: '/mine' },
      { mountPoint: '/sys/fs/bpf' },
    ])
  })

  test('tells in a container those that do not come from outside of it, by their propagation', () => {
    const lines = [
      line(2, '0:30', '/sys/fs/bpf', 'bpf').replace(' - ', ' master:7 - '),
      line(3, '0:31', '/mine', 'bpf'),
    ]
    const inside = parseMountinfo(['1 0 8:1 / / rw - ext4 x rw', ...lines].join('\n'))
    expect(listBpffs(inside, { first: inside, contained: true })).toEqual([
      { mountPoint: '/mine', isContained: true },
      { mountPoint: '/sys/fs/bpf' },
    ])
  })

  test('tells those that the first process has not mounted anywhere, and says nothing where it cannot know', () => {
    const first = parseMountinfo(`1 0 8:1 / / rw - ext4 x rw\n${line(9, '0:30', '/run/bpf', 'bpf')}\n`)
    expect(listBpffs(here, { first, contained: false })).toEqual([
      { mountPoint: '/mine', isFleeting: true },
      { mountPoint: '/sys/fs/bpf' },
    ])
    expect(listBpffs(here, { first: undefined, contained: false }).some(({ isFleeting }) => isFleeting)).toBe(false)
  })
})
