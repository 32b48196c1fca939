import { describe, expect, test } from 'vitest'
import { linuxMachine } from '../../src/kernel/machine.ts'
import { type LinkedStructOps, linkStructOps } from '../../src/object/link/link-struct-ops.ts'
import { LinkTarget } from '../../src/object/link/link-target.ts'
import { hasKernelBtf } from '../support/kernel-enums.ts'
import { fixture, mapOf } from './fixtures.ts'

const object = fixture('struct-ops')

function link(name: string, machine?: ReturnType<typeof linuxMachine>): LinkedStructOps {
  const { contents } = mapOf(object, name)
  if (contents.kind !== 'members') throw new Error('no members')
  return linkStructOps(contents, object, new LinkTarget(machine))
}

const textAt = (value: Uint8Array, text: string): number => Buffer.from(value).indexOf(`${text}\0`)

test('each variable of a struct_ops section is a map, with its programs by member', () => {
  const maps = object.maps.filter(({ shape }) => shape.type === 'struct_ops')
  expect(maps.map(({ name, section, autoload }) => [name, section, autoload])).toEqual([
    ['linked', '.struct_ops.link', true],
    ['registered', '.struct_ops', true],
    ['newer', '?.struct_ops.link', false],
    ['misfit', '?.struct_ops', false],
    ['unknown', '?.struct_ops', false],
  ])
  expect(mapOf(object, 'linked')).toMatchObject({
    shape: { keySize: 4, maxEntries: 1, flags: 0x2000 },
    contents: {
      kind: 'members',
      type: 'tcp_congestion_ops',
      slots: new Map([
        ['ssthresh', 'ssthresh'],
        ['cong_avoid', 'cong_avoid'],
        ['undo_cwnd', 'undo_cwnd'],
      ]),
    },
  })
  expect(mapOf(object, 'registered').shape.flags).toBe(0)
  expect(mapOf(object, 'misfit').contents).toMatchObject({ type: 'tcp_congestion_ops' })
})

test('where nothing is known of the kernel the struct stays as compiled, behind the header of a value', () => {
  const { value, slots, problems } = link('linked')
  expect(problems).toEqual([])
  expect(value.length).toBe(128)
  expect([...slots]).toEqual([
    [64, 'ssthresh'],
    [72, 'cong_avoid'],
    [80, 'undo_cwnd'],
  ])
  expect(textAt(value, 'pf_linked')).toBe(88)
})

describe.skipIf(!hasKernelBtf)('linked to this kernel', () => {
  const machine = linuxMachine()

  test('members are where the kernel has them, and programs are loaded for them', () => {
    const { value, slots, attachments, problems } = link('linked', machine)
    expect(problems).toEqual([])
    expect([...attachments]).toEqual([
      ['ssthresh', 'tcp_congestion_ops.ssthresh'],
      ['cong_avoid', 'tcp_congestion_ops.cong_avoid'],
      ['undo_cwnd', 'tcp_congestion_ops.undo_cwnd'],
    ])
    expect([...slots.values()]).toEqual(['ssthresh', 'cong_avoid', 'undo_cwnd'])
    expect(value.length % 64).toBe(0)
    // In the kernel's struct there is more between the functions and the name than in the object's.
    expect(textAt(value, 'pf_linked')).toBeGreaterThan(88)
  })

  test('what the kernel lacks may not be set, and its program is not loaded', () => {
    const { slots, attachments, problems } = link('newer', machine)
    expect(slots.size).toBe(0)
    expect(attachments.get('later')).toBeUndefined()
    expect(problems).toEqual([
      { code: 'O230', what: "the kernel's tcp_congestion_ops has no member not_set, and the object sets it" },
    ])
  })

  test('another size, and a struct that this kernel does not have, are refused', () => {
    expect(link('misfit', machine).problems).toEqual([
      { code: 'O230', what: 'its member name has 8 bytes in the object and 16 in the kernel' },
    ])
    expect(link('unknown', machine).problems).toEqual([
      { code: 'O230', what: 'this kernel has no struct_ops of type no_such_ops' },
    ])
  })
})
