import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { btfString, findBtfId, kernelBtfId, scanTypes } from '../../src/kernel/btf-ids.ts'
import { hasKernelBtf } from '../support/kernel-enums.ts'

describe.skipIf(!hasKernelBtf)("ids in the kernel's BTF", () => {
  const path = '/sys/kernel/btf/vmlinux'

  /** What bpftool decodes: one line for each type (members stand on lines of their own), by id. */
  const shown = new Map<number, string>()
  beforeAll(() => {
    const args = ['btf', 'dump', 'file', path, 'format', 'raw']
    const text = execFileSync('bpftool', args, { encoding: 'latin1', maxBuffer: 256 * 1024 * 1024 })
    for (const [line, id] of text.matchAll(/^\[(\d+)\] .*$/gm)) shown.set(Number(id), line)
  })

  test.each(['bpf_iter_task', 'bpf_lsm_file_open', 'tcp_v4_connect'])('%s is a function of that name', (name) => {
    expect(shown.get(kernelBtfId(name))).toContain(`FUNC '${name}' `)
  })

  test('a btf_trace_ name is a typedef', () => {
    expect(shown.get(kernelBtfId('btf_trace_sched_switch'))).toContain("TYPEDEF 'btf_trace_sched_switch' ")
  })

  test('a name that is only the end of another is not found', () => {
    const bytes = readFileSync(path)
    expect(findBtfId(bytes, 'pf_iter_task')).toBeUndefined()
    expect(() => kernelBtfId('no_such_function')).toThrow(expect.objectContaining({ code: 'K105', errno: 'ENOENT' }))
  })

  test('a kernel without BTF is an error of its own', () => {
    expect(() => kernelBtfId('never_asked', '/sys/kernel/btf/none')).toThrow(expect.objectContaining({ code: 'K002' }))
  })

  test('the walk meets every type under its name', () => {
    const bytes = readFileSync(path)
    let matching = 0
    scanTypes(bytes, (type) => {
      const name = btfString(bytes, type.nameOffset)
      if (shown.get(type.id)?.includes(` '${name === '' ? '(anon)' : name}'`)) matching++
    })
    expect(matching).toBe(shown.size)
    expect(matching).toBeGreaterThan(10_000)
  })
})
