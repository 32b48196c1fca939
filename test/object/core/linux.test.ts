import { describe, expect, test } from 'vitest'
import { linuxMachine } from '../../../src/kernel/machine.ts'
import { linkProgram } from '../../../src/object/link/link-program.ts'
import { LinkTarget } from '../../../src/object/link/link-target.ts'
import { readObject } from '../../../src/object/read.ts'
import { programTags } from '../../../src/util/program-tags.ts'
import { hasKernelBtf } from '../../support/kernel-enums.ts'
import { canTestLinux } from '../../support/linux.ts'
import { bytesOf } from '../fixtures.ts'
import { loadByLibbpf } from '../libbpf.ts'

interface Shown {
  readonly name: string
  readonly tag: string
}

// Runs on every kernel of `npm run kernels`, whose types are all different.
describe.skipIf(!canTestLinux || !hasKernelBtf)('against the types of this kernel', () => {
  const target = new LinkTarget(linuxMachine())

  test.each(['test/fixtures/core.bpf.o', 'examples/co-re/co-re.bpf.o'])('%s gets the code of libbpf', (path) => {
    const object = readObject(bytesOf(path), path)
    const theirs = new Map(loadByLibbpf<Shown>('prog', path).map(({ name, tag }) => [name, tag]))
    expect(theirs.size).toBe(object.programs.length)
    for (const program of object.programs) {
      const { code, problems } = linkProgram(program, object, target)
      expect(problems).toEqual([])
      expect(programTags(code.instructions)).toContain(theirs.get(program.name.slice(0, 15)))
    }
  })

  test('what no kernel has is poisoned, and told by name', () => {
    const path = 'test/fixtures/core.bpf.o'
    const object = readObject(bytesOf(path), path)
    const missing = object.programs.flatMap((program) =>
      linkProgram(program, object, target).poisoned.map((one) => one.missing),
    )
    expect(missing).toEqual(
      expect.arrayContaining([
        'struct task_struct has no field no_such_field',
        'there is no struct no_such_struct',
        'there is no enum no_such_enum',
      ]),
    )
  })
})
