import { expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import type { LinkTarget } from '../../src/model/link-spec.ts'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import type { AttachType } from '../../src/model/program-types.ts'
import { returnConstant, tailCall } from './assembly.ts'
import { answersSince } from './older-kernels.ts'
import { errnoOf, eventually, idOf, isAlive, load, makeMap, type TestWorld, targets, u32 } from './test-world.ts'

type Place = keyof ReturnType<typeof targets>

/** What to load for each place, and the place as bpf_link_info tells it. */
const attributes: Readonly<Record<Place, LoadAttributes>> = {
  xdp: { type: 'xdp', flags: 0, license: 'GPL' },
  generic: { type: 'xdp', flags: 0, license: 'GPL' },
  tcx: { type: 'sched_cls', flags: 0, license: 'GPL' },
  cgroup: { type: 'cgroup_skb', attachType: 'cgroup_inet_ingress', flags: 0, license: 'GPL' },
  lookup: { type: 'sk_lookup', attachType: 'sk_lookup', flags: 0, license: 'GPL' },
  raw: { type: 'raw_tracepoint', flags: 0, license: 'GPL' },
  tracepoint: { type: 'tracepoint', flags: 0, license: 'GPL' },
}

const places = Object.keys(attributes) as Place[]
const updatable: Place[] = ['xdp', 'generic', 'tcx', 'cgroup', 'lookup']
const shared: Place[] = ['cgroup', 'lookup', 'raw']

/** The first version that has a link for a place, where it is later than the oldest one that the contract is run on (5.10). */
const linksSince: Partial<Record<Place, `${number}.${number}`>> = { tracepoint: '5.15', tcx: '6.6' }

/** Creating, updating, pinning and severing links. The last tests remove the places. */
export function linkContract(world: () => TestWorld): void {
  const program = (place: Place, result = 1): Promise<Fd<'program'>> =>
    load(world().kernel, returnConstant(result), attributes[place])
  const attach = (place: Place, fd: Fd<'program'>): Fd<'link'> =>
    world().kernel.createLink({ program: fd, target: targets(world())[place] })
  /** A probe: EINVAL where the kernel has no such link. */
  const has = async (place: Place): Promise<boolean> => {
    using fd = await program(place)
    return errnoOf(() => attach(place, fd)) !== 'EINVAL'
  }
  const runs = (kernel: Kernel, link: Fd<'link'>): number => {
    const info = kernel.describe(link)
    return info.kind === 'link' ? info.programId : 0
  }

  test.for(places)('a link to %s exists since its version of Linux', async (place) => {
    expect(await has(place)).toBe(answersSince(world().kernel, linksSince[place] ?? '5.10'))
  })

  test.for(places)('a link to %s is described with its program and place', async (place, { skip }) => {
    if (!(await has(place))) skip('no such link on this kernel')
    const { kernel } = world()
    using running = await program(place)
    using link = attach(place, running)
    expect(kernel.describe(link)).toMatchObject({
      kind: 'link',
      programId: idOf(kernel, running),
      type: linkTypes[place],
      // A perf event link tells its tracepoint since 6.6.
      target:
        place !== 'tracepoint' || answersSince(kernel, '6.6')
          ? described(targets(world())[place])
          : { name: undefined },
      severed: false,
    })
    expect(kernel.ids('link')).toContain(idOf(kernel, link))
  })

  test.for(places)(
    'a link to %s ends with its last descriptor or pin, and keeps its program so long',
    async (place, { skip }) => {
      if (!(await has(place))) skip('no such link on this kernel')
      const { kernel, bpffs } = world()
      const running = await program(place)
      const link = attach(place, running)
      const [linkId, programId] = [idOf(kernel, link), idOf(kernel, running)]
      kernel.pin(link, `${bpffs}/link`)
      running[Symbol.dispose]()
      link[Symbol.dispose]()
      expect(kernel.describePin(`${bpffs}/link`)).toMatchObject({ id: linkId, programId })
      expect(isAlive(kernel, 'program', programId)).toBe(true)
      kernel.bpffs.link(`${bpffs}/link`, `${bpffs}/second`)
      kernel.bpffs.unpin(`${bpffs}/link`)
      expect(isAlive(kernel, 'link', linkId)).toBe(true)
      kernel.bpffs.unpin(`${bpffs}/second`)
      expect(await eventually(false, () => isAlive(kernel, 'link', linkId))).toBe(false)
      expect(await eventually(false, () => isAlive(kernel, 'program', programId))).toBe(false)
    },
  )

  test.for(updatable)('a link to %s is switched only from the expected program', async (place, { skip }) => {
    if (!(await has(place))) skip('no such link on this kernel')
    const { kernel } = world()
    using first = await program(place)
    using second = await program(place, 0)
    using link = attach(place, first)
    const id = idOf(kernel, link)
    const update = (to: Fd<'program'>, expected: Fd<'program'>): string =>
      errnoOf(() => kernel.updateLink(link, { program: to, expected }))
    expect(update(second, second)).toBe('EPERM')
    expect(update(second, first)).toBe('ok')
    expect([idOf(kernel, link), runs(kernel, link)]).toEqual([id, idOf(kernel, second)])
    expect(update(second, first)).toBe('EPERM')
    expect(update(second, second)).toBe('ok')
    using other = await load(kernel, undefined, { type: 'socket_filter' })
    expect(update(other, second)).toBe('EINVAL')
    expect(runs(kernel, link)).toBe(idOf(kernel, second))
  })

  test.for(['raw', 'tracepoint'] as const)('a link to %s cannot be switched', async (place, { skip }) => {
    if (!(await has(place))) skip('no such link on this kernel')
    const { kernel } = world()
    using first = await program(place)
    using second = await program(place, 0)
    using link = attach(place, first)
    expect(errnoOf(() => kernel.updateLink(link, { program: second, expected: first }))).toBe('EINVAL')
    expect(errnoOf(() => kernel.updateLink(link, { program: first, expected: first }))).toBe('EINVAL')
  })

  test('a switched link lets its old program go', async () => {
    const { kernel } = world()
    const first = await program('cgroup')
    using second = await program('cgroup', 0)
    using link = attach('cgroup', first)
    const id = idOf(kernel, first)
    kernel.updateLink(link, { program: second, expected: first })
    first[Symbol.dispose]()
    expect(await eventually(false, () => isAlive(kernel, 'program', id))).toBe(false)
  })

  test('an interface takes one XDP program, in one mode', async () => {
    using running = await program('xdp')
    {
      using _ = attach('xdp', running)
      expect(errnoOf(() => attach('xdp', running))).toBe('EBUSY')
      expect(errnoOf(() => attach('generic', running))).toBe('EEXIST')
    }
    using _ = attach('generic', running)
    expect(errnoOf(() => attach('generic', running))).toBe('EBUSY')
    expect(errnoOf(() => attach('xdp', running))).toBe('EEXIST')
  })

  test('a tcx hook takes several programs, each once', async ({ skip }) => {
    if (!(await has('tcx'))) skip('no such link on this kernel')
    const { kernel } = world()
    using first = await program('tcx')
    using second = await program('tcx', 0)
    using _ = attach('tcx', first)
    expect(errnoOf(() => attach('tcx', first))).toBe('EEXIST')
    using link = attach('tcx', second)
    expect(errnoOf(() => kernel.updateLink(link, { program: first, expected: second }))).toBe('EEXIST')
    expect(runs(kernel, link)).toBe(idOf(kernel, second))
  })

  test.each(shared)('%s takes one program twice', async (place) => {
    using running = await program(place)
    using _ = attach(place, running)
    const refused = place === 'raw' && !answersSince(world().kernel, '6.12')
    expect(errnoOf(() => attach(place, running))).toBe(refused ? 'EEXIST' : 'ok')
  })

  test('a tracepoint takes a program once', async ({ skip }) => {
    if (!(await has('tracepoint'))) skip('no such link on this kernel')
    using first = await program('tracepoint')
    using second = await program('tracepoint', 0)
    using _ = attach('tracepoint', first)
    expect(errnoOf(() => attach('tracepoint', first))).toBe('EEXIST')
    expect(errnoOf(() => attach('tracepoint', second))).toBe('ok')
  })

  test('a link to a cgroup is switched to a program of another attach type: the kernel does not look', async () => {
    const { kernel } = world()
    const forHook = (attachType: AttachType): Promise<Fd<'program'>> =>
      load(kernel, returnConstant(1), { type: 'cgroup_sock_addr', attachType })
    using first = await forHook('cgroup_inet4_connect')
    using second = await forHook('cgroup_inet6_connect')
    const target = { ...targets(world()).cgroup, attachType: 'cgroup_inet4_connect' } as LinkTarget
    using link = kernel.createLink({ program: first, target })
    expect(errnoOf(() => kernel.updateLink(link, { program: second, expected: first }))).toBe('ok')
  })

  test('a network namespace takes one flow dissector', async () => {
    const { kernel } = world()
    const { lookup } = targets(world())
    const target = { ...lookup, attachType: 'flow_dissector' } as LinkTarget
    using dissector = await load(kernel, returnConstant(0), { type: 'flow_dissector', attachType: 'flow_dissector' })
    using _ = kernel.createLink({ program: dissector, target })
    expect(errnoOf(() => kernel.createLink({ program: dissector, target }))).toBe('E2BIG')
  })

  test.each(places)('%s refuses a program of another type', async (place) => {
    using other = await load(world().kernel, undefined, { type: 'socket_filter' })
    expect(errnoOf(() => attach(place, other))).toBe('EINVAL')
  })

  test('a program is attached only where it was loaded for', async () => {
    const { kernel } = world()
    const { cgroup, xdp } = targets(world())
    using connect = await load(kernel, returnConstant(1), {
      type: 'cgroup_sock_addr',
      attachType: 'cgroup_inet4_connect',
    })
    const at = (attachType: 'cgroup_inet4_connect' | 'cgroup_inet6_connect'): string =>
      errnoOf(() => kernel.createLink({ program: connect, target: { ...cgroup, attachType } as LinkTarget }))
    expect([at('cgroup_inet4_connect'), at('cgroup_inet6_connect')]).toEqual(['ok', 'EINVAL'])
    using devmap = await load(kernel, undefined, { type: 'xdp', attachType: 'xdp_devmap' })
    expect(errnoOf(() => kernel.createLink({ program: devmap, target: xdp }))).toBe('EINVAL')
  })

  test('a place that does not exist', async () => {
    const { kernel } = world()
    const all = targets(world())
    const absent: Partial<Record<Place, [LinkTarget, string]>> = {
      xdp: [{ ...all.xdp, ifindex: 0x7ffffff0 } as LinkTarget, 'EINVAL'],
      tcx: [{ ...all.tcx, ifindex: 0x7ffffff0 } as LinkTarget, 'ENODEV'],
      cgroup: [{ ...all.cgroup, path: `${world().places.cgroup}/missing` } as LinkTarget, 'ENOENT'],
      lookup: [{ ...all.lookup, path: '/run/netns/pinfold-missing' } as LinkTarget, 'ENOENT'],
      raw: [{ kind: 'raw_tracepoint', name: 'pinfold_missing' }, 'ENOENT'],
    }
    for (const [place, [target, errno]] of Object.entries(absent)) {
      if (!(await has(place as Place))) continue
      using fd = await program(place as Place)
      expect([place, errnoOf(() => kernel.createLink({ program: fd, target }))]).toEqual([place, errno])
    }
    expect(kernel.interfaceIndex('pinfold-missing')).toBeUndefined()
    expect(kernel.cgroupId(`${world().places.cgroup}/missing`)).toBeUndefined()
    expect(kernel.namespaceInode('/run/netns/pinfold-missing')).toBeUndefined()
  })

  test('places have names and numbers', () => {
    const { kernel, places: own } = world()
    expect(kernel.interfaceName(kernel.interfaceIndex(own.interface) ?? 0)).toBe(own.interface)
    expect(kernel.cgroupPath(kernel.cgroupId(own.cgroup) ?? 0)).toBe(own.cgroup)
    expect(kernel.namespaceInode(own.namespace)).toBeGreaterThan(0)
    expect(kernel.interfaceName(0x7ffffff0)).toBeUndefined()
  })

  test('everything that can be attached to is listed as each place is told by itself', async () => {
    const { kernel, places: own } = world()
    const named = [
      kernel.interfaceIndex(own.interface),
      kernel.cgroupId(own.cgroup),
      kernel.namespaceInode(own.namespace),
    ]
    const { interfaces, cgroups, namespaces, tracepoints } = await kernel.places()
    expect(interfaces).toContainEqual([own.interface, named[0]])
    expect(cgroups).toContainEqual([own.cgroup, named[1]])
    expect(namespaces).toContainEqual([own.namespace, named[2]])
    expect(tracepoints?.['sched']).toEqual(expect.arrayContaining(['sched_switch', 'sched_wakeup']))
    expect(kernel.hasTracepoint('sched', 'sched_switch')).toBe(true)
  })

  test('a pinned link does not hold the program array that its program uses', async () => {
    const { kernel, bpffs } = world()
    const array = makeMap(kernel, { type: 'prog_array' })
    const caller = await load(kernel, tailCall(array), attributes.cgroup)
    const callee = await program('cgroup')
    kernel.update(array, u32(0), callee)
    const link = attach('cgroup', caller)
    kernel.pin(link, `${bpffs}/link`)
    const [arrayId, calleeId] = [idOf(kernel, array), idOf(kernel, callee)]
    for (const fd of [link, caller, callee, array]) fd[Symbol.dispose]()
    expect(await eventually(false, () => isAlive(kernel, 'program', calleeId))).toBe(false)
    expect(isAlive(kernel, 'map', arrayId)).toBe(true)
    kernel.bpffs.unpin(`${bpffs}/link`)
    expect(await eventually(false, () => isAlive(kernel, 'map', arrayId))).toBe(false)
  })

  test.each([
    ['interface', ['xdp', 'tcx'] as Place[]],
    ['cgroup', ['cgroup'] as Place[]],
  ] as const)('links to a removed %s stay, severed, and cannot be switched', async (what, all) => {
    const { kernel } = world()
    const severed: Place[] = []
    for (const place of all) if (await has(place)) severed.push(place)
    const before = await Promise.all(severed.map((place) => program(place)))
    const links = before.map((fd, index) => attach(severed[index] ?? 'xdp', fd))
    if (what === 'interface') world().removeInterface()
    else world().removeCgroup()
    for (const [index, link] of links.entries()) {
      const old = before[index]
      if (!old) continue
      expect(await eventually(true, () => isSevered(kernel, link))).toBe(true)
      expect(runs(kernel, link)).toBe(idOf(kernel, old))
      using next = await program(severed[index] ?? 'xdp', 0)
      expect(errnoOf(() => kernel.updateLink(link, { program: next, expected: old }))).toBe('ENOLINK')
      expect(kernel.describe(link)).toMatchObject({ target: what === 'cgroup' ? { cgroupId: 0 } : { ifindex: 0 } })
    }
    for (const fd of [...links, ...before]) fd[Symbol.dispose]()
  })
}

const linkTypes: Readonly<Record<Place, string>> = {
  xdp: 'xdp',
  generic: 'xdp',
  tcx: 'tcx',
  cgroup: 'cgroup',
  lookup: 'netns',
  raw: 'raw_tracepoint',
  tracepoint: 'perf_event',
}

const isSevered = (kernel: Kernel, link: Fd<'link'>): boolean => {
  const info = kernel.describe(link)
  return info.kind === 'link' && info.severed
}

function described(target: LinkTarget): object {
  switch (target.kind) {
    case 'xdp':
      return { kind: 'xdp', ifindex: target.ifindex }
    case 'tcx':
      return { kind: 'tcx', ifindex: target.ifindex, direction: target.direction }
    case 'cgroup':
      return { kind: 'cgroup', cgroupId: target.cgroupId, attachType: target.attachType }
    case 'netns':
      return { kind: 'netns', inode: target.inode, attachType: target.attachType }
    case 'tracepoint':
    case 'raw_tracepoint':
      return { kind: target.kind, name: target.name }
    case 'iter':
      return { kind: 'iter', target: target.target }
    case 'struct_ops':
      return { kind: 'struct_ops' }
  }
}
