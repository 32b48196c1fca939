import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasKernelBtf, readKernelEnum } from '../support/kernel-enums.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { swapSlots } from './saved/desk.ts'
import { edgeManifest } from './support/edge-manifest.ts'
import { pinfold, pinfoldStamped } from './support/pinfold.ts'

/*
 * One life of a stack through all that is done to stacks, short enough for the slow guests of `npm run kernels`: what each command
 * does in detail is for other tests, what older kernels make of it for this one. Each test goes on where the one before ended.
 */
describe.skipIf(!canTestLinux)('a stack on whatever kernel this is', () => {
  const host = openTestHost()
  const file = (name: string): string => join(host.directory, name)
  const at = (path: string): string => join(host.bpffs, path)
  let text: string
  const manifest = ['-f', file('pinfold.yaml')]
  const place = ['--bpffs', host.bpffs]
  const yes = '--auto-approve'

  beforeAll(() => {
    const { name, peer } = host.veth
    // Nobody sends a packet, which programs would count in between.
    run('ip', '-n', peer.namespace, 'link', 'set', peer.name, 'down')
    text = edgeManifest(name, 'history: 1\n')
    writeFileSync(file('pinfold.yaml'), text)
  })
  afterAll(() => host[Symbol.dispose]())

  const write = (content: string): void => writeFileSync(file('pinfold.yaml'), content)
  const ids = (): unknown =>
    ['map handlers', 'map flows', 'prog ingress', 'prog parse_ipv4', 'prog parse_ipv6', 'link uplink'].map((one) => {
      const [kind = '', name = ''] = one.split(' ')
      return JSON.parse(run('bpftool', '-j', kind, 'show', 'pinned', at(`edge/live/${folders[kind]}/${name}`))).id
    })

  /** A plan made here and from a snapshot, to the letter; its exit code. */
  async function planned(...options: readonly string[]): Promise<number> {
    expect(await pinfold('snapshot', ...place, '--out', file('host.json'))).toMatchObject({ code: 0 })
    const here = await pinfoldStamped('plan', ...manifest, ...options, ...place)
    expect(await pinfoldStamped('plan', ...manifest, ...options, '--against', file('host.json'))).toEqual(here)
    return here.code
  }

  test(
    'a plan from a snapshot is the plan made here: of a new stack, of one that is applied, of a change',
    async () => {
      expect(await planned('--json', '--diff')).toBe(2)
      expect(await pinfold('apply', yes, ...manifest, ...place)).toMatchObject({ code: 0 })
      expect(await planned('--json')).toBe(0)
      write(swapSlots(text))
      expect(await planned('--json', '--diff')).toBe(2)
      expect(await planned('--steps')).toBe(2)
    },
    slowGuest,
  )

  test('a saved plan is applied, once', async () => {
    expect(await pinfold('plan', ...manifest, ...place, '--out', file('plan.json'))).toMatchObject({ code: 2 })
    expect(await pinfold('apply', file('plan.json'))).toMatchObject({ code: 0 })
    expect(await pinfold('plan', ...manifest, ...place)).toMatchObject({ code: 0 })
    expect((await pinfold('apply', file('plan.json'))).printed).toContain('error P312')
  })

  test('a rollback brings the former programs back, and another one the later', async () => {
    const later = ids()
    expect(await pinfold('rollback', yes, ...manifest, ...place)).toMatchObject({ code: 0 })
    write(text)
    expect(await pinfold('plan', ...manifest, ...place)).toMatchObject({ code: 0 })
    expect(ids()).not.toEqual(later)
    expect(await pinfold('rollback', yes, ...manifest, ...place)).toMatchObject({ code: 0 })
    expect(ids()).toEqual(later)
    write(swapSlots(text))
  })

  test('what others did is drift, here and in a snapshot, until an apply puts it right', async () => {
    expect(await planned('--drift-only', '--json')).toBe(0)
    run('rm', at('edge/live/links/uplink'), at('edge/live/programs/parse_ipv6'))
    run('bpftool', 'map', 'delete', 'pinned', at('edge/live/maps/handlers'), 'key', '1', '0', '0', '0')
    const { code, printed } = await pinfold('plan', '--drift-only', ...manifest, ...place)
    expect(code, printed).toBe(3)
    for (const told of ['handlers', 'parse_ipv6', 'uplink']) expect(printed).toContain(told)
    expect(await planned('--json')).toBe(3)
    expect(await pinfold('apply', yes, ...manifest, ...place)).toMatchObject({ code: 0 })
    expect(await planned('--drift-only', '--json')).toBe(0)
  })

  test.skipIf(!hasKernelBtf).each([
    ['map-of-maps', 'bpf_attach_type', 'BPF_TCX_INGRESS'],
    ['tracepoints', 'bpf_attach_type', 'BPF_PERF_EVENT'],
    ['iterators', 'bpf_iter_task_type', 'BPF_TASK_ITER_TID'],
    ['congestion-control', 'bpf_attach_type', 'BPF_STRUCT_OPS'],
  ])(
    'what of the example %s this kernel has not the plan tells, here and from a snapshot',
    async (name, type, constant) => {
      const example = readFileSync(`examples/${name}/pinfold.yaml`, 'utf8').replace(
        '      iter:\n',
        '      iter: { tid: 1 }\n',
      )
      write(example.replaceAll(/file: (.*)/g, (_, path) => `file: ${resolve('examples', name, path)}`))
      const options = ['--var', `IFACE=${host.veth.name}`].slice(0, example.includes('IFACE') ? 2 : 0)
      const { code, printed } = await pinfold('plan', ...manifest, ...options, ...place)
      const lacks = !readKernelEnum(type).has(constant)
      expect([code, printed.includes('error M236') && printed.includes(`no ${constant}`)], printed).toEqual(
        lacks ? [1, true] : [2, false],
      )
      // The others are adapted to the kernel's types, which this snapshot does not have.
      if (name === 'map-of-maps') expect(await planned('--json', ...options)).toBe(code)
    },
  )

  test('what is forgotten is imported again, the very same objects', async () => {
    const before = ids()
    const stack = ['--stack', 'edge', ...place]
    expect(await pinfold('forget', ...addresses, '--to', at('loose'), yes, ...stack)).toMatchObject({ code: 0 })
    await pinfold('destroy', 'edge', '--purge', yes, ...place)
    const options = ['--object', object, '--name', 'edge', '--out', file('imported.yaml')]
    expect(await pinfold('import', at('loose'), ...options, yes, ...place)).toMatchObject({ code: 0 })
    expect(ids()).toEqual(before)
    expect(await pinfold('plan', '-f', file('imported.yaml'), ...place)).toMatchObject({ code: 0 })
    expect(await pinfold('destroy', 'edge', yes, ...place)).toMatchObject({ code: 0 })
  })
})

/** Milliseconds for what takes a few seconds here: a guest without KVM on a busy machine is that slow. */
const slowGuest = 180_000
const folders: Readonly<Record<string, string>> = { map: 'maps', prog: 'programs', link: 'links' }
const object = resolve('examples/tail-calls/tail-calls.bpf.o')
const addresses = [
  'link.uplink',
  'program.ingress',
  'program.parse_ipv4',
  'program.parse_ipv6',
  'map.handlers',
  'map.flows',
  'map.stages',
]
