import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Btf } from '../../src/apply/btf.ts'
import type { BtfFeature } from '../../src/btf/btf-features.ts'
import { btfFeaturesIn } from '../../src/btf/sanitize-btf.ts'
import { openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { Diagnostic } from '../../src/model/diagnostic.ts'
import { KernelError } from '../../src/model/errors.ts'
import { readObject } from '../../src/object/read.ts'

const object = readObject(readFileSync('test/fixtures/functions.bpf.o'), 'functions.bpf.o')
const objects = new Map([['main', object.btf?.bytes ?? new Uint8Array()]])

/** What the BTF of an object becomes on a kernel that lacks a feature, or refuses BTF anyway. */
function upload(lacks: BtfFeature | 'everything'): { loaded: boolean; warnings: string[]; calls: number } {
  const kernel = openMemoryMachine().open()
  const diagnostics: Diagnostic[] = []
  let calls = 0
  const refusing = Object.create(kernel, {
    loadBtf: {
      value: (bytes: Uint8Array) => {
        calls++
        if (lacks !== 'everything' && !btfFeaturesIn(bytes, true).has(lacks)) return kernel.loadBtf(bytes)
        throw new KernelError('cannot load BTF: no', { code: 'K022', command: 'BPF_BTF_LOAD', errno: 'EINVAL' })
      },
    },
  })
  using btf = new Btf(refusing, objects, (diagnostic) => diagnostics.push(diagnostic))
  const loaded = btf.of('main') !== undefined
  btf.of('main')
  return { loaded, warnings: diagnostics.map(({ code }) => code), calls }
}

test('a kernel that lacks what an object has gets it without that, and nobody is warned', () => {
  expect(upload('global functions')).toMatchObject({ loaded: true, warnings: [] })
})

test('a kernel that takes it is asked for nothing else', () => {
  expect(upload('floats')).toEqual({ loaded: true, warnings: [], calls: 1 })
})

test('a kernel that takes none is told of once', () => {
  expect(upload('everything')).toMatchObject({ loaded: false, warnings: ['P310'] })
})
