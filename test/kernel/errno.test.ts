import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errnoName, kernelError, withErrno } from '../../src/kernel/errno.ts'
import { missingCapability } from '../../src/kernel/load-hints.ts'
import { capabilities, permissionHint } from '../../src/kernel/permission.ts'
import { KernelError } from '../../src/model/errors.ts'

test('an error names command, errno and object, and keeps its cause', () => {
  const cause = new Error('below')
  const error = kernelError({ command: 'BPF_OBJ_PIN', errno: 17, doing: 'pin /bpf/x', target: '/bpf/x', cause })
  expect(error).toBeInstanceOf(KernelError)
  expect(error).toMatchObject({ command: 'BPF_OBJ_PIN', errno: 'EEXIST', target: '/bpf/x', code: 'K017', cause })
  expect(error.message).toBe('cannot pin /bpf/x: the path is taken (BPF_OBJ_PIN: EEXIST)')
})

test('what was asked for stands in the sentence', () => {
  const error = kernelError({
    command: 'BPF_MAP_CREATE',
    errno: 'E2BIG',
    doing: 'create map m',
    asked: 'hash of 9 entries',
  })
  expect(error.message).toBe('cannot create map m: the kernel refused hash of 9 entries (BPF_MAP_CREATE: E2BIG)')
})

test('the meaning for one command goes before the general one', () => {
  const update = kernelError({ command: 'BPF_LINK_UPDATE', errno: 'EPERM', doing: 'switch a link' })
  expect(update.hint).toMatch(/plan again/)
  expect(kernelError({ command: 'BPF_BTF_LOAD', errno: 'ENOMEM', doing: 'load BTF' })).toMatchObject({ code: 'K012' })
})

test('an errno that nobody named still has its number', () => {
  expect(errnoName(4095)).toBe('E4095')
  expect(kernelError({ command: 'x', errno: 4095, doing: 'y' })).toMatchObject({ code: 'K001', errno: 'E4095' })
})

test.each([
  [1, 'EPERM'],
  [11, 'EAGAIN'],
  [95, 'EOPNOTSUPP'],
  [524, 'ENOTSUPP'],
])('errno %i is %s', (number, name) => {
  expect(errnoName(number)).toBe(name)
})

test('an error of node:fs becomes a KernelError', () => {
  const read = (): unknown => withErrno('read it', '/no/such', () => readFileSync('/no/such'))
  expect(read).toThrow(
    expect.objectContaining({ name: 'KernelError', command: 'open', errno: 'ENOENT', target: '/no/such' }),
  )
})

test('capabilities are read from the status of a process', () => {
  expect([...capabilities('CapInh:\t0\nCapEff:\t0000008000001000\n')]).toEqual(['net_admin', 'bpf'])
  expect(capabilities('').size).toBe(0)
})

test('a process with CAP_BPF and without CAP_SYS_ADMIN is told that ids want the latter', () => {
  expect(permissionHint('CapEff:\t0000008000001000\n')).toContain('CAP_SYS_ADMIN')
  expect(permissionHint('CapEff:\t000001ffffffffff\n') ?? '').not.toContain('CAP_SYS_ADMIN')
})

test('EPERM of a load is explained by the capability that its type needs', () => {
  const bpfOnly = 'CapEff:\t0000008000000000\n'
  expect(missingCapability('xdp', bpfOnly)).toContain('CAP_NET_ADMIN')
  expect(missingCapability('tracing', bpfOnly)).toContain('CAP_PERFMON')
  expect(missingCapability('socket_filter', bpfOnly)).toBeUndefined()
  expect(missingCapability('xdp', 'CapEff:\t0000000000200000\n')).toBeUndefined()
})

test('the limit on locked memory is a reason before Linux 5.11 only', () => {
  const withoutResource = 'CapEff:\t000001fffeffffff\n'
  expect(permissionHint(withoutResource, '5.10.0-33-amd64', '')).toContain('ulimit -l')
  expect(permissionHint(withoutResource, '6.1.0', '')).toBeUndefined()
  expect(permissionHint(withoutResource, '6.1.0', 'none [integrity] confidentiality')).toContain('locked down')
})
