import { describe, expect, test } from 'vitest'
import { linkTypes } from '../../src/kernel/info-link.ts'
import { commands } from '../../src/kernel/syscall.ts'
import { mapTypes } from '../../src/model/map-types.ts'
import { attachTypes, programTypes } from '../../src/model/program-types.ts'
import { hasKernelBtf, readKernelEnum } from '../support/kernel-enums.ts'

/** Kernel names that are not pinfold's with a prefix: [ours, the kernel's]. */
const otherNames: Readonly<Record<string, string>> = {
  // Old names that the kernel keeps as aliases of what they became.
  cgroup_storage: 'CGROUP_STORAGE_DEPRECATED',
  percpu_cgroup_storage: 'PERCPU_CGROUP_STORAGE_DEPRECATED',
}

describe.skipIf(!hasKernelBtf)('numbers are those of the running kernel', () => {
  /** Compares every name that this kernel knows; a name that is newer than this kernel is not compared. */
  function compare(
    values: ReadonlyMap<string, number>,
    ours: Iterable<readonly [string, number]>,
    prefix: string,
  ): number {
    let compared = 0
    for (const [name, number] of ours) {
      const value = values.get(prefix + name.toUpperCase()) ?? values.get(prefix + otherNames[name])
      if (value === undefined) continue
      expect([name, number]).toEqual([name, value])
      compared++
    }
    return compared
  }

  test('map types', () => {
    const values = readKernelEnum('bpf_map_type')
    expect(
      compare(
        values,
        mapTypes.map((t) => [t.name, t.number]),
        'BPF_MAP_TYPE_',
      ),
    ).toBeGreaterThanOrEqual(30)
  })

  test('program types', () => {
    const values = readKernelEnum('bpf_prog_type')
    expect(
      compare(
        values,
        programTypes.map((t) => [t.name, t.number]),
        'BPF_PROG_TYPE_',
      ),
    ).toBeGreaterThanOrEqual(30)
  })

  test('attach types, by position', () => {
    const values = readKernelEnum('bpf_attach_type')
    expect(
      compare(
        values,
        attachTypes.map((name, i) => [name, i]),
        'BPF_',
      ),
    ).toBeGreaterThanOrEqual(36)
    const known = [...values].filter(([name]) => !name.startsWith('__MAX')).map(([, value]) => value)
    expect(Math.max(...known), 'this kernel has an attach type that the table lacks').toBeLessThan(attachTypes.length)
  })

  test('link types, by position', () => {
    expect(
      compare(
        readKernelEnum('bpf_link_type'),
        linkTypes.map((name, i) => [name, i]),
        'BPF_LINK_TYPE_',
      ),
    ).toBeGreaterThanOrEqual(9)
  })

  test('commands', () => {
    expect(compare(readKernelEnum('bpf_cmd'), Object.entries(commands), '')).toBe(Object.keys(commands).length)
  })
})
