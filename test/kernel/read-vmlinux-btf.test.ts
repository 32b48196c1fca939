import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { btfSection } from '../../src/btf/btf-section.ts'
import { readVmlinuxBtf } from '../../src/kernel/read-vmlinux-btf.ts'
import { bytesOf, fixturePath } from '../object/fixtures.ts'
import { BtfBuilder } from '../support/btf-builder.ts'

let root: string
beforeEach(() => {
  root = `${mkdtempSync(join(tmpdir(), 'pinfold-btf-'))}/`
})
afterEach(() => rmSync(root, { recursive: true }))

function put(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(root + path), { recursive: true })
  writeFileSync(root + path, bytes)
}

// Any ELF file with a section .BTF is as good as a vmlinux.
const elf = bytesOf(fixturePath('core'))

test("the kernel's own description goes before files", () => {
  const own = new BtfBuilder().bytes()
  put('boot/vmlinux-6.1.0-test', elf)
  put('sys/kernel/btf/vmlinux', own)
  expect(new Uint8Array(readVmlinuxBtf('6.1.0-test', root) ?? [])).toEqual(own)
})

test('a vmlinux of that release is taken, one without BTF and one of another release are not', () => {
  put('boot/vmlinux-6.1.0-test', bytesOf(fixturePath('without-btf')))
  put('usr/lib/debug/boot/vmlinux-6.1.0-other', elf)
  expect(readVmlinuxBtf('6.1.0-test', root)).toBeUndefined()
  cpSync(fixturePath('core'), `${root}lib/modules/6.1.0-test/build/vmlinux`)
  expect(new Uint8Array(readVmlinuxBtf('6.1.0-test', root) ?? [])).toEqual(btfSection(elf, 'core.bpf.o'))
})
