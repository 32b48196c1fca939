import { describe, expect, test } from 'vitest'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { Machine } from '../../src/model/machine.ts'
import { takeSnapshot } from '../../src/state/snapshot/take-snapshot.ts'
import { bpffs } from '../apply/runs.ts'
import { codeOf, throughJson } from './copies.ts'

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)

const machine: Machine = {
  release: '6.18.5-test',
  version: 0x61205,
  vmlinuxBtf: () => bytes(0x9f, 0xeb, 1, 2, 3),
  moduleNames: () => ['nf_tables', 'veth', 'without_btf'],
  moduleBtf: (name) => (name === 'without_btf' ? undefined : bytes(name.length)),
  config: () => 'CONFIG_HZ=250\n',
  symbols: () => 'ffffffff81000000 T _stext\nffffffffc0000010 t twice\t[a]\nffffffffc0000020 t twice\t[b]\n',
  lacks: (name) => name === 'BPF_TCX_INGRESS',
  symbolAddresses: () => new Map(),
}

const copied = async (withBtf: boolean, model: Machine = machine): Promise<Machine | undefined> => {
  const kernel = openMemoryMachine(undefined, { machine: model }).open()
  const taken = await takeSnapshot(kernel, { bpffs, withBtf, tool: 'test', time: '' })
  return openMemoryMachine(throughJson(taken)).open().machine
}

describe('what a kernel says of itself', () => {
  test('is in a snapshot with its types: BTF of kernel and modules, configuration, symbols', async () => {
    const copy = await copied(true)
    expect([copy?.release, copy?.version, copy?.config()]).toEqual([machine.release, machine.version, machine.config()])
    expect(copy?.vmlinuxBtf()).toEqual(machine.vmlinuxBtf())
    expect(copy?.moduleNames()).toEqual(['nf_tables', 'veth'])
    expect([copy?.moduleBtf('veth'), copy?.moduleBtf('other')]).toEqual([bytes(4), undefined])
    expect(copy?.symbolAddresses(new Set(['_stext', 'twice', 'none']))).toEqual(
      new Map([
        ['_stext', { address: 0xffffffff81000000n, ambiguous: false }],
        ['twice', { address: 0xffffffffc0000010n, ambiguous: true }],
      ]),
    )
  })

  test('is in one without them as far as anybody may know it; the rest is unknown, which is not the same as missing', async () => {
    const copy = await copied(false)
    expect([copy?.release, copy?.config()]).toEqual([machine.release, machine.config()])
    expect(['BPF_TCX_INGRESS', 'BPF_XDP'].map((name) => copy?.lacks(name))).toEqual([true, false])
    expect(codeOf(() => copy?.vmlinuxBtf())).toBe('K111')
    expect(codeOf(() => copy?.moduleNames())).toBe('K111')
    expect(codeOf(() => copy?.symbolAddresses(new Set(['_stext'])))).toBe('K112')
    const without = { ...machine, vmlinuxBtf: () => undefined, config: () => undefined, symbols: () => undefined }
    const bare = await copied(true, without)
    expect([bare?.vmlinuxBtf(), bare?.config(), bare?.symbols()]).toEqual([undefined, undefined, undefined])
    expect(bare?.symbolAddresses(new Set(['_stext']))).toEqual(new Map())
  })

  test('is not known of a machine that says nothing', async () => {
    const taken = await takeSnapshot(openMemoryMachine().open(), { bpffs, tool: 'test', time: '' })
    expect(openMemoryMachine(throughJson(taken)).open().machine).toBeUndefined()
  })
})
