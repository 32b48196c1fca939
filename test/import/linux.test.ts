import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { noSandbox } from '../examples/sandbox.ts'
import { canBuild, ImportLab } from './lab.ts'

describe.skipIf(noSandbox() !== undefined || !canBuild)('import, on this kernel', () => {
  let lab: ImportLab
  beforeEach(async () => {
    lab = await ImportLab.open()
  })
  afterEach(() => lab[Symbol.dispose]())

  test('a stack of libbpf is taken in under traffic: the next plan is empty, an upgrade loses nothing, a destroy leaves nothing', () => {
    lab.load('old')
    const old = `${lab.bpffs}/old`
    const link = lab.id('link', `${old}/links/uplink`)
    lab.sandbox.sendPackets(20, lab.sandbox.address.ipv4)
    expect(lab.counts(`${old}/maps/counts`, 5)).toMatchObject({ entered: 20, handled: 20, missed: 0, tc: 20 })

    lab.startSending(300)
    const imported = lab.import('old')
    expect(imported.status, imported.stdout + imported.stderr).toBe(0)
    expect(imported.stdout).toContain('nothing is made, changed or detached.')
    expect(lab.text()).toContain('step: 5')
    expect(lab.text()).toContain('by_version:\n    maxEntries: 32\n')
    expect(lab.id('link', `${old}/links/uplink`)).toBe(link)
    expect(lab.id('link', `${lab.bpffs}/edge/live/links/uplink`)).toBe(link)

    const [first, second] = [lab.plan(), lab.plan()]
    expect(first).toMatchObject({ status: 0, stdout: expect.stringContaining('No changes.') })
    expect(second.stdout).toBe(first.stdout)
    expect(lab.plan('--drift-only')).toMatchObject({ status: 0 })
    // Only that the sandbox's bpffs ends with it.
    expect(lab.sandbox.pinfold('doctor', 'edge').stdout.match(/warning P5\d\d|error P5\d\d/g)).toEqual(['warning P506'])
    const live = `${lab.bpffs}/edge/live`
    expect(lab.counted(`${live}/maps/counts`, 5, 320)).toEqual({ entered: 320, handled: 320, missed: 0, tc: 320 })

    lab.becomes(2)
    lab.startSending(300)
    const upgraded = lab.sandbox.pinfold('apply', '-f', lab.manifest, '--auto-approve')
    expect(upgraded.status, upgraded.stdout + upgraded.stderr).toBe(0)
    expect(upgraded.stdout).toContain(`same link #${link}`)
    expect(lab.counted(`${live}/maps/counts`, 5, 620)).toEqual({ entered: 620, handled: 620, missed: 0, tc: 620 })
    const versions = lab.sandbox.dump(`${live}/maps/by_version`).map(({ value }) => value as number)
    expect(versions.reduce((sum, count) => sum + count, 0)).toBe(620)
    expect(versions).toHaveLength(2)
    // Who looks where libbpf pinned it finds the new one.
    expect(lab.id('prog', `${old}/programs/handle_ipv4`)).toBe(lab.id('prog', `${live}/programs/handle_ipv4`))
    expect(lab.plan().status).toBe(0)

    // What was imported is a former generation like any other.
    const back = lab.sandbox.pinfold('rollback', '--stack', 'edge', '--auto-approve')
    expect(back.status, back.stdout + back.stderr).toBe(0)
    lab.sandbox.sendPackets(10, lab.sandbox.address.ipv4)
    expect(lab.counts(`${live}/maps/counts`, 5)).toEqual({ entered: 630, handled: 630, missed: 0, tc: 630 })
    lab.becomes(1)
    expect(lab.plan().status).toBe(0)

    const shown = lab.sandbox.show('edge')
    expect(lab.sandbox.pinfold('destroy', 'edge', '--auto-approve').status).toBe(0)
    // An array that is opened by its id while its clear is queued is never freed by Linux 6.18: later is better.
    lab.shell('sleep 1')
    expect(lab.sandbox.alive(shown)).toEqual([])
    expect(lab.shell(`find ${lab.bpffs} -type f -not -name '*.debug'`)).toBe('')
  })

  test('a stack of bpftool, attached without links: its programs are taken in, the attachments are told', () => {
    lab.becomes(1, 'nameless')
    const old = `${lab.bpffs}/old`
    lab.shell(`mkdir ${old}
      bpftool prog loadall ${lab.object} ${old}/programs pinmaps ${old}/maps
      bpftool map update pinned ${old}/maps/handlers key 0 0 0 0 value pinned ${old}/programs/handle_ipv4
      bpftool map update pinned ${old}/maps/handlers key 1 0 0 0 value pinned ${old}/programs/handle_ipv6
      bpftool net attach xdp pinned ${old}/programs/ingress dev eth0
      tc qdisc add dev eth0 clsact
      tc filter add dev eth0 ingress bpf direct-action object-pinned ${old}/programs/watch
      bpftool cgroup attach ${lab.cgroup} connect4 pinned ${old}/programs/note_connect`)
    lab.startSending(200)
    const imported = lab.import('old')
    expect(imported.status, imported.stdout + imported.stderr).toBe(0)
    expect(imported.stdout.match(/warning P183 .*/g)).toEqual([
      expect.stringContaining('program.ingress is attached to xdp eth0 without a link'),
      expect.stringContaining('program.watch is attached to tcx eth0 ingress without a link'),
      expect.stringMatching(
        /program\.note_connect is attached to cgroup .*pinfold-import-[\d-]+ cgroup_inet4_connect without a link/,
      ),
    ])
    expect(imported.stdout).toContain('hint: to have upgrades switch it: `bpftool net detach xdp dev NAME`')
    expect(lab.plan()).toMatchObject({ status: 0 })
    const counts = lab.counted(`${lab.bpffs}/edge/live/maps/counts`, 1, 200)
    expect(counts).toEqual({ entered: 200, handled: 200, missed: 0, tc: 200 })

    lab.shell('bpftool net detach xdp dev eth0')
    lab.edit((text) => `${text}\nlinks:\n  uplink: { program: ingress, attach: { xdp: { interface: eth0 } } }\n`)
    lab.becomes(2, 'nameless')
    const upgraded = lab.sandbox.pinfold('apply', '-f', lab.manifest, '--auto-approve')
    expect([0, 7], upgraded.stdout + upgraded.stderr).toContain(upgraded.status)
    lab.sandbox.sendPackets(10, lab.sandbox.address.ipv4)
    expect(lab.counted(`${lab.bpffs}/edge/live/maps/counts`, 1, 210)).toMatchObject({ entered: 210, handled: 210 })
  })

  test('a tree made by hand: other names, programs in slots alone, constants that only programs hold', () => {
    lab.load('old')
    lab.shell(`cd ${lab.bpffs}; mkdir mine
      mv old/programs/ingress mine/entry; mv old/maps/handlers mine/jump_table; mv old/links/uplink mine/eth0
      mv old/maps/counts mine/counts; mv old/programs/watch mine/watch; mv old/links/watcher mine/tc
      rm -r old/programs old/maps old/links; mv old/by_version mine/versions; rmdir old`)
    // The whole bpffs: the kernel's own files in its root are no pins.
    const imported = lab.sandbox.pinfold('import', lab.bpffs, ...lab.options(), '--auto-approve')
    expect(imported.status, imported.stdout + imported.stderr).toBe(0)
    expect(imported.stdout).toMatch(/map +rodata +kept, pinned for the first time/)
    expect(imported.stdout).toMatch(/program +handle_ipv4 +unchanged, pinned for the first time/)
    // Nothing led to the cgroup's program any more: it went with its pins.
    expect(lab.text()).not.toContain('note_connect')
    expect(lab.text()).toContain('/mine/jump_table: map.handlers\n')
    const [first, second] = [lab.plan('--json'), lab.plan('--json')]
    expect(first.status, first.stdout).toBe(0)
    const bare = ({ stdout }: { readonly stdout: string }) => ({ ...JSON.parse(stdout), envelope: undefined })
    expect(bare(second)).toEqual(bare(first))
    lab.sandbox.sendPackets(10, lab.sandbox.address.ipv6)
    expect(lab.counts(`${lab.bpffs}/mine/counts`, 5)).toEqual({ entered: 10, handled: 10, missed: 0, tc: 10 })
  })

  test('a map that is pinned outside of the paths stays somebody else’s', () => {
    lab.load('old', 'plain')
    const paths = ['maps', 'programs', 'links'].map((folder) => `${lab.bpffs}/old/${folder}`)
    const imported = lab.sandbox.pinfold('import', ...paths, ...lab.options(), '--auto-approve')
    expect(imported.status, imported.stdout + imported.stderr).toBe(0)
    expect(lab.text()).toContain(
      `by_version:\n    pinned: ${lab.bpffs}/old/by_version # of others: used and held, never changed\n`,
    )
    expect(lab.plan().status).toBe(0)
    const owned = lab.id('map', `${lab.bpffs}/old/by_version`)
    expect(lab.sandbox.pinfold('destroy', 'edge', '--auto-approve').status).toBe(0)
    expect(lab.id('map', `${lab.bpffs}/old/by_version`)).toBe(owned)
    expect(lab.shell(`find ${lab.bpffs} -type f -not -name '*.debug'`)).toBe(`${lab.bpffs}/old/by_version\n`)
  })

  test('links that only a process holds are pinned, told, and outlive it', () => {
    lab.hold('old')
    const imported = lab.import('old')
    expect(imported.status, imported.stdout + imported.stderr).toBe(0)
    expect(imported.stdout.match(/warning P186 .* has no pin: a process holds it/g)).toHaveLength(3)
    lab.release('old')
    lab.sandbox.sendPackets(5, lab.sandbox.address.ipv4)
    const counts = `${lab.bpffs}/edge/live/maps/counts`
    expect(lab.counts(counts, 5)).toEqual({ entered: 5, handled: 5, missed: 0, tc: 5 })
    expect(lab.plan().status).toBe(0)
  })

  test('what does not match is told with the reason, and nothing is changed', () => {
    lab.load('old')
    lab.becomes(2)
    const refused = lab.import('old')
    expect(refused.status).toBe(1)
    expect(refused.stdout).toMatch(
      /error P181 .*\(handle_ipv4\) at .*\/old\/programs\/handle_ipv4 matches no object: its code is not that of handle_ipv4 in .*counting\.bpf\.o: its tag is [0-9a-f]{16}, the object's [0-9a-f]{16}\./,
    )
    expect(lab.shell(`ls ${lab.bpffs}`)).not.toContain('edge')
    expect(lab.shell(`ls ${lab.directory}`)).not.toContain('pinfold.yaml')

    lab.becomes(1)
    lab.shell(`bpftool prog load ${lab.object} ${lab.bpffs}/old/programs/double`)
    expect(lab.import('old').stdout).toMatch(/error P182 .* are both ingress of /)
    const without = lab.import('old', '--except', `${lab.bpffs}/old/programs/double`)
    expect(without.status, without.stdout + without.stderr).toBe(0)
    expect(lab.plan().status).toBe(0)
    expect(lab.import('old')).toMatchObject({ status: 0, stdout: expect.stringContaining('Imported already') })
  })

  test('it needs objects, something to import, a name of its own and a new file', () => {
    lab.load('old')
    const attempt = (...words: string[]) => lab.sandbox.pinfold('import', ...words, '--auto-approve')
    expect(attempt(`${lab.bpffs}/old`).stderr).toContain('error C182')
    expect(attempt(`${lab.bpffs}/nothing`, ...lab.options()).stderr).toContain('error P187')
    expect(attempt(`${lab.bpffs}/old`, '--object', lab.object, '--name', 'old').stderr).toContain('error P188')
    lab.shell(`echo mine >${lab.manifest}`)
    expect(lab.import('old').stderr).toContain('error C180')
    expect(lab.text()).toBe('mine\n')
    lab.shell(`rm ${lab.manifest}`)
    expect(lab.import('old').status).toBe(0)
    expect(attempt(`${lab.bpffs}/edge/live`, '--object', lab.object, '--name', 'other').stderr).toContain('error P188')
  })
})
