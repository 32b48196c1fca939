import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readHost } from '../../src/kernel/host.ts'

const directory = mkdtempSync(join(tmpdir(), 'pinfold-host-'))
afterAll(() => rmSync(directory, { recursive: true }))

const machineId = '0123456789abcdef0123456789abcdef'

test('a host is known by its machine-id, which is not given away', () => {
  const host = readHost(written(`${machineId}\n`))
  expect(host).toEqual({ name: hostname(), id: sha256(machineId) })
})

test('without a machine-id it is known by its name', () => {
  const byName = { name: hostname(), id: sha256(hostname()) }
  expect(readHost(join(directory, 'none'))).toEqual(byName)
  expect(readHost(written('uninitialized\n'))).toEqual(byName)
})

function written(text: string): string {
  const file = join(directory, 'machine-id')
  writeFileSync(file, text)
  return file
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
