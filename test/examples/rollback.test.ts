import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noSandbox, Sandbox } from './sandbox.ts'

describe.skipIf(noSandbox() !== undefined)('an upgrade of the tail-call stack on this kernel, and its rollback', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-rollback-'))
  const manifest = join(directory, 'pinfold.yaml')
  const original = readFileSync(resolve(import.meta.dirname, '../../examples/tail-calls/pinfold.yaml'), 'utf8')
  // Each handler in the other's slot: packets of both families are counted by the other one.
  const swapped = original.replace('0: parse_ipv4', '0: parse_ipv6').replace('1: parse_ipv6', '1: parse_ipv4')
  let sandbox: Sandbox

  const pinfold = (...words: string[]) => sandbox.pinfold(...words, '-f', manifest, '--var', 'IFACE=eth0')
  const apply = (text: string) => {
    writeFileSync(manifest, text)
    return pinfold('apply', '--auto-approve').status
  }
  const identity = () => {
    const { maps, programs, links } = sandbox.show('edge')
    const array = maps.find(({ type }) => type === 'prog_array')
    return {
      array: array?.id,
      slots: array?.slots?.map(({ id }) => id),
      link: links[0]?.id,
      runs: links[0]?.prog_id,
      programs: programs.map(({ id }) => id),
    }
  }

  beforeAll(async () => {
    sandbox = await Sandbox.create()
    cpSync(
      resolve(import.meta.dirname, '../../examples/tail-calls/tail-calls.bpf.o'),
      join(directory, 'tail-calls.bpf.o'),
    )
  })
  afterAll(() => {
    sandbox[Symbol.dispose]()
    rmSync(directory, { recursive: true })
  })

  test('brings back the very programs and the array, on the same link, and can be taken back', () => {
    expect(swapped).not.toBe(original)
    expect(apply(original)).toBe(0)
    const before = identity()
    expect(apply(swapped)).toBe(0)
    const upgraded = identity()
    expect(upgraded).toMatchObject({ link: before.link, slots: before.slots?.toReversed() })
    expect(upgraded.array).not.toBe(before.array)

    expect(pinfold('rollback', '--auto-approve').status).toBe(0)
    expect(identity()).toEqual(before)
    writeFileSync(manifest, original)
    expect(pinfold('plan').status).toBe(0)

    expect(pinfold('rollback', '--auto-approve').status).toBe(0)
    expect(identity()).toEqual(upgraded)
  })

  test('answers packets in each generation, and destroy removes the kept one too', () => {
    const flows = () => sandbox.dump(`${sandbox.bpffs}/edge/live/maps/stages`)
    const before = JSON.stringify(flows())
    sandbox.sendPackets(5, sandbox.address.ipv4)
    expect(JSON.stringify(flows())).not.toBe(before)
    const shown = sandbox.show('edge')
    expect(pinfold('destroy', '--auto-approve').status).toBe(0)
    expect(sandbox.alive(shown)).toEqual([])
    expect(sandbox.shell(`ls ${sandbox.bpffs}`).stdout).not.toContain('edge')
  })
})
