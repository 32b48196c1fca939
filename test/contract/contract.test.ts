import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import { canTestLinux } from '../support/linux.ts'
import { arrayContract } from './array-contract.ts'
import { batchContract } from './batch-contract.ts'
import { fileContract } from './file-contract.ts'
import { linkContract } from './link-contract.ts'
import { mapContract } from './map-contract.ts'
import { programContract } from './program-contract.ts'
import { openLinuxWorld, openMemoryWorld, type TestWorld } from './test-world.ts'

const kernels = [
  { name: 'memory', open: openMemoryWorld, available: true },
  { name: 'linux', open: openLinuxWorld, available: canTestLinux },
]

describe.each(kernels)('the $name kernel', ({ open, available }) => {
  describe.skipIf(!available)('keeps the contract:', () => {
    let world: TestWorld
    beforeAll(() => {
      world = open()
    })
    let before = 0
    beforeEach(() => {
      before = world.kernel.openDescriptors()
    })
    afterEach(() => {
      expect(world.kernel.openDescriptors()).toBe(before)
    })
    afterAll(() => world.close())

    describe('maps', () => mapContract(() => world))
    describe('many entries at a time', () => batchContract(() => world))
    describe('program arrays', () => arrayContract(() => world))
    describe('programs', () => programContract(() => world))
    describe('bpffs', () => fileContract(() => world))
    describe('links', () => linkContract(() => world))
  })
})
