import { closeSync, openSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { returning } from './assembler.ts'
import { canTestLinux } from './linux.ts'
import { leakedSince, openFiles } from './open-files.ts'

describe.skipIf(!canTestLinux)('the leak check that runs after every test file', () => {
  test('sees every kind of kernel object until it is closed', async () => {
    const before = openFiles()
    const kernel = openLinuxKernel()
    kernel.createMap({
      name: 'm',
      shape: { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 },
    })
    const load = { type: 'raw_tracepoint', flags: 0, license: 'GPL' } as const
    const program = await kernel.loadProgram({ name: 'p', load, instructions: returning(0), references: [] })
    kernel.createLink({ program, target: { kind: 'raw_tracepoint', name: 'sched_process_exec' } })
    expect([...leakedSince(before)].sort()).toEqual([
      'anon_inode:bpf-map',
      'anon_inode:bpf-prog',
      'anon_inode:bpf_link',
    ])
    kernel.close()
    expect(leakedSince(before)).toEqual([])
  })

  test('sees directories, and a number that stands for something else by now', () => {
    const before = openFiles()
    const fd = openSync('/', 'r')
    expect(leakedSince(before)).toEqual(['/'])
    expect(leakedSince(new Map(openFiles()).set(fd, 'socket:[1]'))).toEqual(['/'])
    closeSync(fd)
    expect(leakedSince(before)).toEqual([])
  })
})
