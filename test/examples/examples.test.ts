import { chmodSync, rmSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asNobody, expectSamePlan } from './elsewhere.ts'
import { noSandbox, Sandbox } from './sandbox.ts'

const cgroup = '/mnt/pinfold-test'

interface Example {
  readonly name: string
  /** Where it differs from the example's name. */
  readonly stack?: string
  readonly variables?: readonly string[]
  /** Its programs are adapted to the kernel's types. */
  readonly types?: true
  /** Lets the stack do its work, and looks at what came of it. */
  readonly effect: (sandbox: Sandbox, live: string) => void
}

const examples: readonly Example[] = [
  {
    name: 'tail-calls',
    stack: 'edge',
    effect(sandbox, live) {
      sandbox.sendPackets(7, sandbox.address.ipv4)
      expect(sandbox.dump(`${live}/maps/flows`)).toContainEqual({
        key: { family: 4, protocol: 17 },
        value: { packets: 7, bytes: 7 * 44 },
      })
    },
  },
  {
    name: 'byte-counters',
    effect(sandbox, live) {
      const counted = (): readonly number[] => sandbox.dump(`${live}/maps/traffic`).map(packetsOfAllCpus)
      const [ingress = 0, egress = 0] = counted()
      sandbox.sendPackets(5, sandbox.address.ipv4)
      sandbox.shell('for i in 1 2 3 4 5 6; do echo x >/dev/udp/10.1.1.2/9; done')
      const [ingressAfter = 0, egressAfter = 0] = counted()
      expect(ingressAfter - ingress).toBeGreaterThanOrEqual(5)
      expect(egressAfter - egress).toBeGreaterThanOrEqual(6)
    },
  },
  {
    name: 'cgroup-sockets',
    variables: [`CGROUP=${cgroup}`, 'REFUSED_PORT=7777'],
    effect(sandbox, live) {
      const inCgroup = (script: string) => sandbox.shell(`echo $$ >${cgroup}/cgroup.procs && ${script}`)
      expect(inCgroup('echo >/dev/udp/127.0.0.1/9').status).toBe(0)
      const refused = inCgroup('echo >/dev/udp/::1/7777')
      expect(refused.stderr).toContain('Operation not permitted')
      expect(sandbox.dump(`${live}/maps/calls`).map(({ value }) => value)).toEqual([2, 1, 1, 1])
    },
  },
  {
    name: 'socket-guard',
    effect(sandbox, live) {
      expect(connect(sandbox, 2221)).toBe(0)
      expect(connect(sandbox, 2222)).not.toBe(0)
      const [lookups, hidden, dissected] = sandbox.dump(`${live}/maps/events`).map(({ value }) => value as number)
      expect(lookups).toBeGreaterThan(hidden ?? 0)
      expect(hidden).toBeGreaterThan(0)
      expect(dissected).toBeGreaterThanOrEqual(0)
    },
  },
  {
    name: 'tracepoints',
    effect(sandbox, live) {
      const execs = (): number => {
        const root = sandbox.dump(`${live}/maps/execs_by_user`).find(({ key }) => key === 0)
        return (root?.value as number | undefined) ?? 0
      }
      const before = execs()
      sandbox.shell('for i in 1 2 3; do /bin/true; done')
      expect(execs() - before).toBeGreaterThanOrEqual(3)
      const [switches] = sandbox.dump(`${live}/maps/switches`)
      expect(switches?.values?.some(({ value }) => (value as number) > 0)).toBe(true)
    },
  },
  {
    name: 'co-re',
    types: true,
    stack: 'starts',
    effect(sandbox, live) {
      const { stdout } = sandbox.shell('hostname; /bin/true & echo $$ $!; wait')
      const [host, parent, child] = stdout.split(/\s/)
      const start = sandbox.dump(`${live}/maps/starts`).find(({ key }) => key === Number(child))?.value
      const text = (characters: unknown): string =>
        Buffer.from(characters as number[])
          .toString()
          .split('\0')[0] ?? ''
      expect(start).toMatchObject({
        parent: Number(parent),
        user: 0,
        number_in_namespace: Number(child),
        nice: getPriority(),
      })
      const { pages, parent_name, host: seen } = start as Record<string, unknown>
      expect(pages).toBeGreaterThan(100)
      expect([text(parent_name), text(seen)]).toEqual(['bash', host])
    },
  },
  {
    name: 'iterators',
    effect(sandbox, live) {
      const { stdout } = sandbox.run('cat', `${live}/links/threads`)
      expect(Number(/^(\d+) threads\n$/.exec(stdout)?.[1])).toBeGreaterThan(1)
      const prices = sandbox.run('cat', `${live}/links/prices`).stdout.trimEnd().split('\n').toSorted()
      expect(prices).toEqual(['article 1 costs 250', 'article 2 costs 990'])
    },
  },
  {
    name: 'congestion-control',
    types: true,
    effect(sandbox, live) {
      const talk = `
import socket
server = socket.create_server(('127.0.0.1', 0))
client = socket.socket()
client.setsockopt(socket.IPPROTO_TCP, 13, b'counting_reno')
client.connect(server.getsockname())
peer, _ = server.accept()
for _ in range(20):
    client.sendall(b'x' * 4096)
    received = 0
    while received < 4096: received += len(peer.recv(65536))
`
      expect(sandbox.run('python3', '-c', talk)).toMatchObject({ status: 0, stderr: '' })
      const [{ value } = { value: undefined }] = sandbox.dump(`${live}/maps/bss`)
      const [{ connections }, { acknowledged }] = (
        value as { '.bss': [Record<string, number>, Record<string, number>] }
      )['.bss']
      expect(connections).toBe(1)
      expect(acknowledged).toBeGreaterThanOrEqual(20)
    },
  },
  {
    name: 'allow-list',
    variables: ['DRY_RUN=false'],
    effect(sandbox, live) {
      const denied = (): number => (sandbox.dump(`${live}/maps/verdicts`)[0]?.value as number | undefined) ?? 0
      sandbox.client('ip address add 10.66.0.1/32 dev lo && ip link set lo up')
      sandbox.shell('ip route add 10.66.0.1/32 dev eth0')
      sandbox.sendPackets(3, sandbox.address.ipv4)
      expect(denied()).toBe(0)
      sandbox.client('ip route replace 10.1.1.0/24 dev eth0 src 10.66.0.1')
      sandbox.sendPackets(3, sandbox.address.ipv4)
      expect(denied()).toBe(3)
    },
  },
  {
    name: 'map-of-maps',
    effect(sandbox, live) {
      sandbox.sendPackets(4, sandbox.address.ipv6)
      const udp = sandbox.dump(`${live}/maps/ipv6_packets`).find(({ key }) => key === 17)
      expect(udp?.value).toBe(4)
    },
  },
]

describe.skipIf(noSandbox())('every example on this kernel: applied, nothing to do, at work, destroyed', () => {
  let sandbox: Sandbox

  beforeAll(async () => {
    sandbox = await Sandbox.create()
    sandbox.shell(`mkdir ${cgroup}`)
  })
  afterAll(() => {
    sandbox.shell(`rmdir ${cgroup}`)
    sandbox[Symbol.dispose]()
  })

  test.each(examples)('$name', ({ name, stack = name, variables = [], types = false, effect }) => {
    const manifest = ['-f', `examples/${name}/pinfold.yaml`, ...variables.flatMap((it) => ['--var', it])]
    expect(sandbox.pinfold('plan', ...manifest)).toMatchObject({ status: 2, stderr: '' })
    expectSamePlan(sandbox, manifest, { types })
    expect(sandbox.pinfold('apply', '--auto-approve', ...manifest)).toMatchObject({ status: 0 })
    expectSamePlan(sandbox, manifest, { types })
    const second = sandbox.pinfold('plan', '--json', ...manifest)
    expect(second.status).toBe(0)
    expect(JSON.parse(second.stdout)).toMatchObject({
      steps: [],
      total: { create: 0, update: 0, replace: 0, delete: 0 },
    })

    const shown = sandbox.show(stack)
    effect(sandbox, `${sandbox.bpffs}/${stack}/live`)

    expect(sandbox.pinfold('destroy', '--auto-approve', ...manifest)).toMatchObject({ status: 0 })
    expect(sandbox.run('ls', sandbox.bpffs).stdout.split('\n')).not.toContain(stack)
    expect(sandbox.alive(shown)).toEqual([])
  })
})

describe.skipIf(noSandbox())('a snapshot without the types of the kernel', () => {
  test('is enough for a plan that needs none; another says of which program, unless --btf names them', async () => {
    using sandbox = await Sandbox.create()
    const file = join(sandbox.bpffs, '..', `pinfold-${process.pid}-plain.json`)
    expect(sandbox.pinfold('snapshot', '--out', file)).toMatchObject({ status: 0 })
    chmodSync(file, 0o644)
    const plan = (...more: readonly string[]) =>
      asNobody('plan', '--against', file, '-f', 'examples/co-re/pinfold.yaml', ...more)
    expect(plan()).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^examples\/co-re\/pinfold\.yaml:\d+:\d+: error K111 .+: cannot load program\.\w+: pinfold cannot read the kernel's types: the snapshot was taken without its BTF\n {2}hint: take the snapshot with --with-btf, or name a copy of its \/sys\/kernel\/btf\/vmlinux by --btf\n/,
      ),
    })
    expect(plan('--btf', '/sys/kernel/btf/vmlinux')).toMatchObject({ status: 2, stderr: '' })
    rmSync(file)
  })
})

const packetsOfAllCpus = (entry: { readonly values?: readonly { readonly value: unknown }[] }): number =>
  (entry.values ?? []).reduce((sum, { value }) => sum + (value as { packets: number }).packets, 0)

/** Connects to a listener on a port; the status of the attempt. */
function connect(sandbox: Sandbox, port: number): number {
  const server = `require('net').createServer().listen(${port}, () => console.log('ready'))`
  const script = `
    exec 3< <(exec node -e "${server}")
    server=$!
    read -r -u 3
    echo >/dev/tcp/127.0.0.1/${port}
    status=$?
    kill $server
    exit $status
  `
  return sandbox.shell(script).status
}
