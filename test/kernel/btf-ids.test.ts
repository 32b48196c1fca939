import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, test } from 'vitest'
import { findAttachment } from '../../src/kernel/btf-ids.ts'
import { linuxMachine } from '../../src/kernel/machine.ts'
import { KernelError } from '../../src/model/errors.ts'
import { BtfBuilder } from '../support/btf-builder.ts'
import { hasKernelBtf } from '../support/kernel-enums.ts'

describe.skipIf(!hasKernelBtf)("ids in the kernel's BTF", () => {
  const path = '/sys/kernel/btf/vmlinux'
  const machine = linuxMachine()

  /** What bpftool decodes: one line for each type (members stand on lines of their own), by id. */
  const shown = new Map<number, string>()
  beforeAll(() => {
    const args = ['btf', 'dump', 'file', path, 'format', 'raw']
    const text = execFileSync('bpftool', args, { encoding: 'latin1', maxBuffer: 256 * 1024 * 1024 })
    for (const [line, id] of text.matchAll(/^\[(\d+)\] .*$/gm)) shown.set(Number(id), line)
  })

  test.each(['bpf_iter_task', 'bpf_lsm_file_open', 'tcp_v4_connect'])('%s is a function of that name', (name) => {
    expect(shown.get(findAttachment(name, 'tracing', machine).id)).toContain(`FUNC '${name}' `)
  })

  test('a btf_trace_ name is a typedef', () => {
    expect(shown.get(findAttachment('btf_trace_sched_switch', 'tracing', machine).id)).toContain(
      "TYPEDEF 'btf_trace_sched_switch' ",
    )
  })

  test('a name that is only the end of another is not found', () => {
    expect(() => findAttachment('pf_iter_task', 'tracing', machine)).toThrow(expect.objectContaining({ code: 'K105' }))
    expect(() => findAttachment('no_such_function', 'tracing', machine)).toThrow(
      expect.objectContaining({ code: 'K105', errno: 'ENOENT' }),
    )
  })

  test('a member of a struct of functions is the struct and its place in there', () => {
    const { id, member } = findAttachment('tcp_congestion_ops.ssthresh', 'struct_ops', machine)
    expect(shown.get(id)).toContain("STRUCT 'tcp_congestion_ops' ")
    expect(member).toBe(0)
    expect(() => findAttachment('tcp_congestion_ops.nothing', 'struct_ops', machine)).toThrow(
      expect.objectContaining({ code: 'K105' }),
    )
    expect(() => findAttachment('task_struct.pid', 'struct_ops', machine)).toThrow(
      expect.objectContaining({ code: 'K105' }),
    )
  })

  test('a kernel without BTF is an error of its own', () => {
    const without = { ...machine, vmlinuxBtf: () => undefined }
    expect(() => findAttachment('never_asked', 'tracing', without)).toThrow(expect.objectContaining({ code: 'K002' }))
  })
})

describe('functions of modules', () => {
  const vmlinux = new BtfBuilder()
  vmlinux.fn('vfs_open', vmlinux.prototype(0))
  vmlinux.fn('twice', 1)
  const split = (...names: string[]): Uint8Array => {
    const module = new BtfBuilder({ base: vmlinux })
    for (const name of names) module.fn(name, 1)
    return module.bytes()
  }
  const modules = new Map([
    ['overlay', split('ovl_open', 'twice')],
    ['veth', split('veth_xmit', 'twice')],
  ])
  const bytes = vmlinux.bytes()
  const machine = {
    vmlinuxBtf: () => bytes,
    moduleNames: () => [...modules.keys()],
    moduleBtf: (name: string) => modules.get(name),
  }
  const find = (name: string) => findAttachment(name, 'tracing', machine)

  test('are found behind those of vmlinux, with the module', () => {
    expect(find('vfs_open')).toEqual({ id: 2 })
    expect(find('ovl_open')).toEqual({ id: 4, module: 'overlay' })
    expect(find('veth_xmit')).toEqual({ id: 4, module: 'veth' })
    expect(find('twice')).toEqual({ id: 3 })
  })

  test('can be named with their module', () => {
    expect(find('veth:twice')).toEqual({ id: 5, module: 'veth' })
    expect(find('vmlinux:twice')).toEqual({ id: 3 })
    for (const name of ['vmlinux:ovl_open', 'overlay:veth_xmit', 'nowhere:twice'])
      expect(() => find(name)).toThrow(expect.objectContaining({ code: 'K105' }))
  })

  test('that are nowhere are named, with what they are to the kernel', () => {
    const said = (name: string) => {
      try {
        return find(name)
      } catch (error) {
        return error instanceof KernelError ? `${error.message} | ${error.hint}` : error
      }
    }
    expect(said('func')).toMatch(/: this kernel has no function func \(.* `attachTarget:`/)
    expect(said('btf_trace_sched_nap')).toMatch(/: this kernel has no tracepoint sched_nap \(.*tracing\/events/)
    expect(said('bpf_lsm_nap')).toContain(': this kernel has no LSM hook nap (')
    expect(said('bpf_iter_nap')).toContain(': this kernel has no iterator nap (')
    expect(said('nowhere:nap')).toContain(': the module nowhere is not loaded, or has no function nap (')
  })
})
