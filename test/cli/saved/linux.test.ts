import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { canTestLinux, openTestHost, run } from '../../support/linux.ts'
import { edgeManifest } from '../support/edge-manifest.ts'
import { pinfold } from '../support/pinfold.ts'
import { swapSlots } from './desk.ts'

const repository = resolve(import.meta.dirname, '../../..')
const hook = join(repository, 'test/crash/linux/kill-hook.mjs')

describe.skipIf(!canTestLinux)('saved plans on Linux', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())
  const place = (): readonly string[] => ['-f', manifest(), '--bpffs', host.bpffs, '--var', `IFACE=${host.veth.name}`]
  const manifest = (): string => join(host.directory, 'pinfold.yaml')
  const plan = (): string => join(host.directory, 'plan.json')
  const at = (path: string): string => join(host.bpffs, 'edge', path)

  beforeEach(async () => {
    if (existsSync(at(''))) await pinfold('destroy', 'edge', '--purge', '--auto-approve', '--bpffs', host.bpffs)
    mkdirSync(host.directory, { recursive: true })
    writeFileSync(manifest(), text)
  })

  /** The first version runs, and a plan to the second one is saved. */
  async function planned(): Promise<void> {
    expect(await pinfold('apply', '--auto-approve', ...place())).toMatchObject({ code: 0 })
    writeFileSync(manifest(), swapSlots(text))
    expect(await pinfold('plan', '--out', plan(), ...place())).toMatchObject({ code: 2 })
  }

  test('the first plan is applied once, also after a destroy, until that is forgotten', async () => {
    await pinfold('plan', '--out', plan(), ...place())
    expectHost(JSON.parse(readFileSync(plan(), 'utf8')).envelope)
    expect(await pinfold('apply', plan())).toMatchObject({ code: 0 })
    expect(await pinfold('plan', ...place())).toMatchObject({ code: 0 })
    expect(await pinfold('destroy', 'edge', '--auto-approve', '--bpffs', host.bpffs)).toMatchObject({ code: 0 })
    expect(bpftool('map', 'show', 'pinned', at('used'))).toMatchObject({ type: 'hash', name: 'pinfold_used' })
    const { code, printed } = await pinfold('apply', plan())
    expect({ code, printed }).toEqual({ code: 5, printed: expect.stringContaining('error P312') })
    await pinfold('destroy', 'edge', '--purge', '--auto-approve', '--bpffs', host.bpffs)
    expect(existsSync(at(''))).toBe(false)
    expect(await pinfold('apply', plan())).toMatchObject({ code: 0 })
  })

  test('a slot that somebody filled otherwise is named, and so is a pin that somebody replaced, with its ids', async () => {
    await planned()
    const value = ['value', 'pinned', at('live/programs/parse_ipv6')]
    run('bpftool', 'map', 'update', 'pinned', at('live/maps/handlers'), 'key', '0', '0', '0', '0', ...value)
    const filled = await pinfold('apply', plan())
    expect(filled).toEqual({
      code: 5,
      printed: expect.stringContaining(`error P321: cannot apply ${plan()}: map.handlers `),
    })

    const { id } = bpftool('map', 'show', 'pinned', at('live/maps/flows'))
    run('rm', at('live/maps/flows'))
    const shape = ['type', 'hash', 'key', '4', 'value', '16', 'entries', '1024', 'name', 'flows']
    run('bpftool', 'map', 'create', at('live/maps/flows'), ...shape)
    const { id: other } = bpftool('map', 'show', 'pinned', at('live/maps/flows'))
    const says = `error P301: cannot apply ${plan()}: live/maps/flows was map #${id} and is map #${other}\n`
    expect(await pinfold('apply', plan())).toEqual({ code: 5, printed: expect.stringContaining(says) })
    expect(existsSync(at('used'))).toBe(false)
  })

  test('a rollback and a destroy are applied once; a destroy that is killed is recovered, and never done by the same plan', async () => {
    await planned()
    expect(await pinfold('apply', plan())).toMatchObject({ code: 0 })
    const stack = ['edge', '--bpffs', host.bpffs, '--out', plan()]
    expect(await pinfold('plan', '--rollback', 'latest', ...stack)).toMatchObject({ code: 2 })
    expect(await pinfold('apply', plan())).toMatchObject({ code: 0 })
    writeFileSync(manifest(), text)
    expect(await pinfold('plan', ...place())).toMatchObject({ code: 0 })
    expect(await pinfold('apply', plan())).toMatchObject({ code: 5, printed: expect.stringContaining('error P312') })

    expect(await pinfold('plan', '--destroy', '--purge', ...stack)).toMatchObject({ code: 2 })
    const words = ['--import', hook, join(repository, 'dist/cli/pinfold.js'), 'apply', plan()]
    const environment = { ...process.env, PINFOLD_TEST_KILL: 'after:unlink.*links' }
    expect(spawnSync(process.execPath, words, { env: environment }).signal).toBe('SIGKILL')
    expect([existsSync(at('live/links/uplink')), existsSync(at('live/maps/handlers'))]).toEqual([false, true])
    expect(await pinfold('apply', plan())).toMatchObject({ code: 5, printed: expect.stringContaining('error P320') })
    expect(await pinfold('recover', 'edge', '--auto-approve', '--bpffs', host.bpffs)).toMatchObject({ code: 0 })
    expect(existsSync(at('live'))).toBe(false)

    expect(await pinfold('apply', '--auto-approve', ...place())).toMatchObject({ code: 0 })
    expect(await pinfold('apply', plan())).toMatchObject({ code: 5, printed: expect.stringContaining('error P3') })
    expect(await pinfold('plan', '--destroy', '--purge', ...stack)).toMatchObject({ code: 2 })
    expect(await pinfold('apply', plan())).toMatchObject({ code: 0 })
    expect(existsSync(at(''))).toBe(false)
  })

  test('killed right after it was marked it has changed nothing and is used; another plan finishes the job', async () => {
    await planned()
    const words = ['--import', hook, join(repository, 'dist/cli/pinfold.js'), 'apply', plan()]
    const environment = { ...process.env, PINFOLD_TEST_KILL: 'after:OBJ_PIN' }
    const { signal } = spawnSync(process.execPath, words, { env: environment })
    expect(signal).toBe('SIGKILL')
    expect([existsSync(at('used')), existsSync(at('next'))]).toEqual([true, false])
    expect(await pinfold('apply', plan())).toMatchObject({ code: 5, printed: expect.stringContaining('error P312') })
    expect(await pinfold('plan', '--out', plan(), ...place())).toMatchObject({ code: 2 })
    expect(await pinfold('apply', plan())).toMatchObject({ code: 0 })
  })
})

/** It is known by its boot, and not by the machine-id itself. */
function expectHost(envelope: { readonly host: object }): void {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  expect(envelope.host).toMatchObject({ kind: 'linux', bootId, id: expect.stringMatching(/^[0-9a-f]{64}$/) })
  if (existsSync('/etc/machine-id'))
    expect(JSON.stringify(envelope)).not.toContain(readFileSync('/etc/machine-id', 'latin1').trim())
}

const text = edgeManifest(`\${IFACE}`)

const bpftool = (...words: string[]): Record<string, unknown> => JSON.parse(run('bpftool', '-j', ...words))
