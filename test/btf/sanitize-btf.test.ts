import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BtfFeature, btfFeatures } from '../../src/btf/btf-features.ts'
import { btfFeaturesIn, sanitizeBtf } from '../../src/btf/sanitize-btf.ts'
import { missingBtfFeatures, probeFor } from '../../src/kernel/btf-probes.ts'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { KernelError } from '../../src/model/errors.ts'
import { BtfTypes } from '../../src/object/btf/btf-types.ts'
import { Cursor } from '../../src/object/cursor.ts'
import { readObject } from '../../src/object/read.ts'
import { canCompile, compile } from '../support/compile.ts'
import { canTestLinux } from '../support/linux.ts'

const all: readonly BtfFeature[] = btfFeatures.map(({ name }) => name)

/** Everything that an older kernel refuses, in one object. */
const source = `char LICENSE[] SEC("license") = "GPL";
enum wide { SMALL, LARGE = 0x123456789a };
enum negative { MINUS = -1, PLUS = 1 };
#define tagged __attribute__((btf_decl_tag("seen")))
struct entry { enum wide w; enum negative n; float f; double d; int __attribute__((btf_type_tag("user"))) *p; long t tagged; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, int); __type(value, struct entry); } entries SEC(".maps");
const volatile int level = 3;
__attribute__((noinline)) int doubled(int n) { return n * level; }
SEC("xdp") int counts(struct xdp_md *c) {
  int key = doubled(c->ingress_ifindex);
  struct entry *e = bpf_map_lookup_elem(&entries, &key);
  return e ? e->w + e->n : 2;
}`

const typesOf = (bytes: Uint8Array): BtfTypes => new BtfTypes(new Cursor(bytes, { byteOrder: 'little', object: 'x.o' }))

/** A kernel that knows none of these, and refuses them as Linux does. */
function older(lacks: readonly BtfFeature[]): Pick<Kernel, 'loadBtf'> & { loads: number } {
  return {
    loads: 0,
    loadBtf(bytes): Fd<'btf'> {
      this.loads++
      const unknown = lacks.filter((feature) => btfFeaturesIn(bytes, true).has(feature))
      if (unknown.length > 0) throw refusal('EINVAL')
      return { kind: 'btf', number: 3, [Symbol.dispose]: () => undefined }
    },
  }
}

const refusal = (errno: string): KernelError =>
  new KernelError(`cannot load BTF: no (${errno})`, { code: 'K022', command: 'BPF_BTF_LOAD', errno })

test.each(all)('the probe for %s has that feature', (feature) => {
  expect([...btfFeaturesIn(probeFor(feature), true)]).toContain(feature)
  expect(missingBtfFeatures(older([feature]), new Set(all))).toContain(feature)
})

test('what is conclusive is asked once, and only what is wanted', () => {
  const kernel = older(['floats'])
  expect([...missingBtfFeatures(kernel, new Set<BtfFeature>(['floats', 'enum64']))]).toEqual(['floats'])
  expect(kernel.loads).toBe(2)
  missingBtfFeatures(kernel, new Set<BtfFeature>(['floats', 'enum64']))
  expect(kernel.loads).toBe(2)
})

test('a refusal that is not about the feature says nothing, and is not remembered', () => {
  let errno = 'EPERM'
  const kernel: Pick<Kernel, 'loadBtf'> = {
    loadBtf: () => {
      throw refusal(errno)
    },
  }
  expect(missingBtfFeatures(kernel, new Set<BtfFeature>(['floats'])).size).toBe(0)
  errno = 'EINVAL'
  expect(missingBtfFeatures(kernel, new Set<BtfFeature>(['floats'])).size).toBe(1)
})

test('bytes that are not BTF stay as they are', () => {
  const bytes = new Uint8Array([1, 2, 3])
  expect(sanitizeBtf(bytes, { missing: new Set(all), little: true })).toEqual(bytes)
  expect(btfFeaturesIn(bytes, true).size).toBe(0)
})

describe.skipIf(!canCompile)('the BTF of an object with all of it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinfold-btf-'))
  let bytes: Uint8Array
  beforeAll(() => {
    const file = compile(directory, 'old', source)
    bytes = readObject(readFileSync(file), file).btf?.bytes ?? new Uint8Array()
  })
  afterAll(() => rmSync(directory, { recursive: true }))
  const without = (...missing: BtfFeature[]): Uint8Array =>
    sanitizeBtf(bytes, { missing: new Set(missing), little: true })

  test('has everything that is to be replaced', () => {
    expect(all.filter((feature) => !btfFeaturesIn(bytes, true).has(feature))).toEqual(['optional sections'])
  })

  test('loses exactly what is missing, and keeps the ids, names and sizes of the rest', () => {
    for (const feature of all) {
      const left = typesOf(without(feature))
      const before = typesOf(bytes)
      expect(left.count).toBe(before.count + (feature === 'enum64' ? 1 : 0))
      expect([...btfFeaturesIn(without(feature), true)]).not.toContain(feature)
      const entry = before.find('struct', 'entry') ?? 0
      expect(left.sizeOf(entry)).toBe(before.sizeOf(entry))
      for (let id = 1; id < before.count; id++) {
        const type = before.get(id)
        if (type.kind === 'int' || type.kind === 'pointer' || type.kind === 'array') expect(left.get(id)).toEqual(type)
      }
    }
  })

  test('is replaced by what libbpf replaces it with', () => {
    const kinds = (feature: BtfFeature): object => {
      const [before, after] = [typesOf(bytes), typesOf(without(feature))]
      const changed: Record<string, string> = {}
      for (let id = 1; id < before.count; id++) {
        const [old, now] = [before.get(id), after.get(id)]
        if (JSON.stringify(old, plain) !== JSON.stringify(now, plain)) changed[old.kind] = now.kind
      }
      return changed
    }
    const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
    expect(Object.fromEntries(all.map((feature) => [feature, kinds(feature)]))).toEqual({
      functions: { function: 'typedef', prototype: 'enum' },
      sections: { variable: 'int', section: 'struct' },
      'global functions': { function: 'function' },
      floats: { float: 'struct' },
      'declaration tags': { tag: 'int' },
      'type tags': { 'type-tag': 'const' },
      enum64: { enum: expect.stringMatching(/enum|union/) },
      'optional sections': {},
    })
  })

  test.skipIf(!canTestLinux)('is taken by the kernel whatever is missing', () => {
    const kernel = openLinuxKernel()
    const lacking = missingBtfFeatures(kernel, new Set(all))
    for (let mask = 0; mask < 2 ** all.length; mask++) {
      const missing = all.filter((feature, bit) => (mask >> bit) & 1 || lacking.has(feature))
      using _btf = kernel.loadBtf(without(...missing))
    }
    kernel.close()
  })
})

test.skipIf(!canTestLinux)('this kernel is asked for what it knows, and its answers fit its release', () => {
  const kernel = openLinuxKernel()
  const missing = missingBtfFeatures(kernel, new Set(all))
  const [major = 0, minor = 0] = kernel.identity.release.split('.').map(Number.parseFloat)
  const newer = btfFeatures.filter(({ since }) => {
    const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number)
    return sinceMajor > major || (sinceMajor === major && sinceMinor > minor)
  })
  expect([...missing]).toEqual(newer.map(({ name }) => name))
  kernel.close()
})
