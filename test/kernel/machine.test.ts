import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { loadedVmlinuxBtf } from '../../src/kernel/loaded-btf.ts'
import { linuxMachine, versionCode } from '../../src/kernel/machine.ts'
import { canTestLinux } from '../support/linux.ts'

test.each([
  ['6.18.44', '#1 SMP PREEMPT_DYNAMIC', 0x06_12_2c],
  ['6.1.0-13-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)', 0x06_01_37],
  ['4.9.337', '#1 SMP', 0x04_09_ff],
])('release %s, version %s', (release, version, code) => expect(versionCode(release, version)).toBe(code))

test.skipIf(!canTestLinux)('symbols are found by their whole name, and those of several places are told', () => {
  const found = linuxMachine().symbolAddresses(new Set(['_stext', 'stext', '_stex', 'no_such_symbol']))
  expect([...found.keys()]).toEqual(['_stext'])
  expect(found.get('_stext')).toMatchObject({ ambiguous: false, address: expect.toSatisfy((it: bigint) => it > 0n) })
})

test.skipIf(!canTestLinux)('who may not list BTF of the kernel is told so, and reads its file', () => {
  const module = JSON.stringify(resolve('dist/kernel/loaded-btf.js'))
  const script = `const { kernelBtf, loadedVmlinuxBtf } = await import(${module})
    console.log(loadedVmlinuxBtf())
    try { kernelBtf().next() } catch (error) { console.log(error.errno) }`
  const words = ['--bounding-set=-sys_admin', process.execPath, '--input-type=module', '-e', script]
  expect(execFileSync('setpriv', words, { encoding: 'utf8', timeout: 10_000 })).toBe('undefined\nEPERM\n')
})

test.skipIf(!canTestLinux)("BTF of vmlinux by one call is its file's", () => {
  const loaded = loadedVmlinuxBtf()
  expect(loaded && Buffer.from(loaded).equals(readFileSync('/sys/kernel/btf/vmlinux'))).toBe(true)
})
