import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { fakeTerminal } from '../cli/support/fake-terminal.ts'
import { Lab } from '../crash/linux/lab.ts'
import type { Version } from '../crash/linux/versions.ts'
import { noSandbox } from '../examples/sandbox.ts'
import { run } from '../support/linux.ts'
import { attachGuest, canTrace, type Guest } from './guests.ts'

/*
 * Somebody else attaches a program of the stack: the array that it uses survives an upgrade and destroy, held and filled;
 * exit code 7, and the message says by whom. Once they let go, it goes.
 */

const version = (number: number): Version => ({
  history: 0,
  hooks: ['xdp', 'tcx'],
  defines: { ENTRY: number, CALLEE0: number, TC_ENTRY: number, TC_CALLEE: number },
})

interface Attachment {
  readonly by: string
  readonly array: string
  readonly attach: (pins: string, device: string) => unknown
  readonly detach: (device: string) => void
  /** How the message names the user. */
  readonly named: RegExp
  /** What doctor finds while the stack lives. */
  readonly found?: RegExp
}

const tc = (...words: string[]): string => run('tc', ...words)

const guests = new Map<Guest, Disposable>()

const byGuest = (guest: Guest): Attachment => ({
  by: `a program that ${guest} it`,
  array: 'calls',
  attach: async (pins) => void guests.set(guest, await attachGuest(guest, join(pins, 'entry'))),
  detach: () => guests.get(guest)?.[Symbol.dispose](),
  named: /still used by program #\d+, kept by link #\d+ \(tracing, which extends or traces it\)/,
  found: /P508 Somebody else extends or traces a program of the stack/,
})

const attachments: readonly Attachment[] = [
  {
    by: 'netlink XDP on another interface',
    array: 'calls',
    attach: (pins, device) => run('ip', 'link', 'set', 'dev', device, 'xdpgeneric', 'pinned', join(pins, 'entry')),
    detach: (device) => run('ip', 'link', 'set', 'dev', device, 'xdpgeneric', 'off'),
    named: /still used by program #\d+, kept by netlink on an interface/,
  },
  {
    by: 'a tc filter on another interface',
    array: 'tc_calls',
    attach: (pins, device) => {
      tc('qdisc', 'add', 'dev', device, 'clsact')
      tc('filter', 'add', 'dev', device, 'ingress', 'bpf', 'direct-action', 'object-pinned', join(pins, 'tc_entry'))
    },
    detach: (device) => tc('qdisc', 'del', 'dev', device, 'clsact'),
    named: /still used by program #\d+, kept by netlink on an interface/,
  },
  {
    by: 'bpftool net attach',
    array: 'calls',
    attach: (pins, device) =>
      run('bpftool', 'net', 'attach', 'xdpgeneric', 'pinned', join(pins, 'entry'), 'dev', device),
    detach: (device) => run('bpftool', 'net', 'detach', 'xdpgeneric', 'dev', device),
    named: /still used by program #\d+, kept by netlink on an interface/,
  },
  // A kernel in lockdown takes neither: they are tried on those of `npm run kernels`.
  ...((await canTrace()) ? [byGuest('extends'), byGuest('traces')] : []),
]

describe.skipIf(noSandbox() !== undefined).each(attachments)(
  'an array behind a program attached by $by',
  (attachment) => {
    let lab: Lab
    const device = `pfd${process.pid}`
    const slotsAt = async (path: RegExp): Promise<number> => {
      const { pins } = await lab.look()
      const pin = pins.find((it) => path.test(it.path))
      if (!pin) return 0
      const dumped = JSON.parse(run('bpftool', '-j', 'map', 'dump', 'id', String(pin.id))) as readonly unknown[]
      return dumped.filter((slot) => !Object.hasOwn(slot as object, 'error')).length
    }
    const filled = attachment.array === 'calls' ? 2 : 1
    const array = new RegExp(`/maps/${attachment.array}$`)
    beforeAll(async () => {
      lab = await Lab.open()
      run('ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', `${device}p`)
      run('ip', 'link', 'set', device, 'up')
      await lab.run({ command: 'apply', version: version(1) })
      await attachment.attach(join(lab.bpffs, 'echo/live/programs'), device)
    })
    afterAll(() => {
      run('ip', 'link', 'del', device)
      lab[Symbol.dispose]()
    })

    const { found } = attachment
    if (found)
      test('is told by doctor', async () => {
        const { terminal, printed } = fakeTerminal()
        expect(await main(['doctor', 'echo', '--bpffs', lab.bpffs], terminal)).toBe(3)
        expect(printed()).toMatch(found)
      })

    test('survives an upgrade: exit code 7, and the message says who uses it', async () => {
      const { code, output } = await lab.attempt({ command: 'apply', version: version(2) })
      expect({ code, output }).toMatchObject({ code: 7, output: expect.stringMatching(attachment.named) })
      expect(output).toContain(`map.${attachment.array}`)
      expect(await slotsAt(new RegExp(`gen-1/maps/${attachment.array}$`))).toBe(filled)
      // It stays as it is while they use it: nothing is to be done.
      expect((await lab.plan(version(2))).code).toBe(0)
    })

    test('survives destroy: exit code 7, and nothing else is left', async () => {
      const { code, output } = await lab.attempt({ command: 'destroy', version: version(2) })
      expect({ code, output }).toMatchObject({ code: 7, output: expect.stringMatching(attachment.named) })
      expect(await slotsAt(array)).toBe(filled)
      const { pins } = await lab.look()
      expect(pins.filter(({ path }) => !array.test(path) && !path.endsWith('/record'))).toEqual([])
    })

    test('goes with the next destroy once they have detached it', async () => {
      attachment.detach(device)
      await lab.run({ command: 'destroy', version: version(2) })
      expect((await lab.look()).directories).toEqual([])
    })
  },
)
