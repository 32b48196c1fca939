import { mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { apply } from '../../src/apply/apply.ts'
import type { ApplyEvent, Outcome } from '../../src/apply/event.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import type { DesiredState } from '../../src/model/state.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'
import { applyStack, destroyStack, planFor } from './runs.ts'
import { link, program, returning, stackOf } from './stack.ts'

describe.skipIf(!canTestLinux)('three links of one stack on Linux', () => {
  const host = openTestHost()
  /** The third link's device, which the tests remove. */
  const other = openTestHost()
  const kernel = openLinuxKernel()
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
    other[Symbol.dispose]()
  })
  const place = {
    get bpffs() {
      return host.bpffs
    },
  }

  const tcx = (name: string, device: { readonly name: string; readonly ifindex: number }, version: number) => [
    program(name, {
      load: { type: 'sched_cls', attachType: 'tcx_ingress', flags: 0, license: 'GPL' },
      code: returning(version === 1 ? 0 : -1, ['flows']),
    }),
    link(name, {
      program: `program.${name}`,
      target: { kind: 'tcx', interface: device.name, ifindex: device.ifindex, direction: 'ingress' },
    }),
  ]
  const farDevice = () => {
    const { name } = other.veth
    return { name, ifindex: Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'latin1')) }
  }
  const makeFarDevice = () =>
    run('ip', 'link', 'add', other.veth.name, 'type', 'veth', 'peer', 'name', `${other.veth.name}x`)
  const desired = (stack: string, version: number) =>
    stackOf({
      stack,
      interface: host.veth.name,
      ifindex: host.veth.ifindex,
      verdicts: { v4: version },
      more: [...tcx('near', host.veth, version), ...tcx('far', farDevice(), version)],
    })
  const names = ['eth0', 'near', 'far']
  const links = (stack: string) => names.map((name) => kernel.describePin(`${host.bpffs}/${stack}/live/links/${name}`))
  const ids = (stack: string) => links(stack).map((info) => info.id)
  const running = (stack: string) => links(stack).map((info) => (info.kind === 'link' ? info.programId : undefined))
  const programs = (stack: string) =>
    ['ingress', 'near', 'far'].map((name) => kernel.describePin(`${host.bpffs}/${stack}/live/programs/${name}`).id)

  /** Carries a plan out; `meanwhile` is told of each event. */
  async function carryOut(plan: Plan, wanted: DesiredState, meanwhile: (event: ApplyEvent) => void): Promise<Outcome> {
    const events = apply(kernel, plan, wanted, { patience: 20 })
    for (;;) {
      const { done, value } = await events.next()
      if (done) return value
      meanwhile(value)
    }
  }

  const switchOf = (event: ApplyEvent, type: ApplyEvent['type'], name: string): boolean =>
    'step' in event && event.type === type && event.step.kind === 'update-link' && event.step.target.endsWith(name)

  test('are switched in the declared order, all at the end, and keep their ids', async () => {
    await applyStack(kernel, desired('together', 1), place)
    const before = { ids: ids('together'), running: running('together') }
    const { events } = await applyStack(kernel, desired('together', 0), place)
    const steps = events.flatMap((event) => (event.type === 'step-finished' ? [event.step] : []))
    const first = steps.findIndex(({ kind }) => kind === 'update-link')
    expect(steps.slice(first, first + 4)).toMatchObject([
      ...names.map((name) => ({ kind: 'update-link', target: `live:link.${name}` })),
      { kind: 'exchange' },
    ])
    expect(steps.slice(0, first).every(({ phase }) => phase === 'prepare')).toBe(true)
    expect(ids('together')).toEqual(before.ids)
    expect(running('together')).toEqual(programs('together'))
    expect(running('together').some((id) => before.running.includes(id))).toBe(false)
    await destroyStack(kernel, desired('together', 0), place)
  })

  test('go back to their old programs when somebody else has switched the third', async () => {
    await applyStack(kernel, desired('contested', 1), place)
    const before = running('contested')
    const wanted = desired('contested', 0)
    const outcome = await carryOut(planFor(kernel, wanted, place), wanted, (event) => {
      if (!switchOf(event, 'step-started', 'far')) return
      using far = kernel.openPin(`${host.bpffs}/contested/live/links/far`)
      using theirs = kernel.openById('program', before[1] ?? 0)
      using ours = kernel.openById('program', before[2] ?? 0)
      kernel.updateLink(far as never, { program: theirs, expected: ours })
    })
    expect(outcome).toMatchObject({ result: 'stale', generation: 1, problem: { code: 'P303' }, left: [] })
    expect(running('contested')).toEqual([before[0], before[1], before[1]])
    expect(kernel.bpffs.list(`${host.bpffs}/contested`)).toEqual([{ name: 'live', directory: true }])
    await destroyStack(kernel, wanted, place)
  })

  test('go back when the third’s device goes meanwhile, which is drift; a new device is attached to', async () => {
    await applyStack(kernel, desired('severed', 1), place)
    const before = running('severed')
    const wanted = desired('severed', 0)
    const outcome = await carryOut(planFor(kernel, wanted, place), wanted, (event) => {
      if (switchOf(event, 'step-finished', 'near')) run('ip', 'link', 'del', other.veth.name)
    })
    expect(outcome).toMatchObject({ result: 'stale', generation: 1, left: [] })
    expect(outcome.problem?.message).toContain('cannot switch link.far')
    expect(running('severed').slice(0, 2)).toEqual(before.slice(0, 2))

    makeFarDevice()
    const { ifindex } = farDevice()
    const again = desired('severed', 1)
    const plan = planFor(kernel, again, place)
    expect(plan.changes.filter(({ action }) => action !== 'keep')).toMatchObject([
      { action: 'replace', address: 'link.far', because: [{ attribute: 'severed' }], cause: 'drift' },
    ])
    expect((await applyStack(kernel, again, place)).outcome).toMatchObject({ result: 'done', left: [] })
    expect(links('severed')[2]).toMatchObject({ severed: false, target: { ifindex } })
    expect(running('severed')).toEqual(programs('severed'))
    await destroyStack(kernel, again, place)
  })

  test('go back as far as there is something to go back to: the first’s cgroup went, too', async () => {
    const guarded = (version: number) =>
      stackOf({
        stack: 'guarded',
        without: ['link.eth0'],
        more: [
          program('guard', {
            load: { type: 'cgroup_skb', attachType: 'cgroup_inet_ingress', flags: 0, license: 'GPL' },
            code: returning(1, version === 1 ? ['flows'] : ['flows', 'allow']),
          }),
          link('guard', {
            program: 'program.guard',
            target: {
              kind: 'cgroup',
              path: host.cgroup,
              cgroupId: statSync(host.cgroup).ino,
              attachType: 'cgroup_inet_ingress',
            },
          }),
          ...tcx('near', host.veth, version),
          ...tcx('far', farDevice(), version),
        ],
      })
    await applyStack(kernel, guarded(1), place)
    const wanted = guarded(0)
    const outcome = await carryOut(planFor(kernel, wanted, place), wanted, (event) => {
      if (!switchOf(event, 'step-started', 'far')) return
      rmdirSync(host.cgroup)
      run('ip', 'link', 'del', other.veth.name)
    })
    expect(outcome).toMatchObject({ result: 'stale', left: [] })
    const near = kernel.describePin(`${host.bpffs}/guarded/live/links/near`)
    const old = kernel.describePin(`${host.bpffs}/guarded/live/programs/near`)
    expect(near).toMatchObject({ programId: old.id })
    mkdirSync(host.cgroup)
    makeFarDevice()
    expect((await applyStack(kernel, guarded(0), place)).outcome).toMatchObject({ result: 'done', left: [] })
    await destroyStack(kernel, guarded(0), place)
  })
})
