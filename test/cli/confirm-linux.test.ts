import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lockDirectory } from '../../src/kernel/lock.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { checkPrinted } from '../support/printed.ts'

const starter = resolve('dist/cli/pinfold.js')

describe.skipIf(!canTestLinux)('apply --confirm on Linux', () => {
  const host = openTestHost()
  afterAll(() => host[Symbol.dispose]())
  beforeEach(async () => void expect((await pinfold('apply', ...manifest(1), '--auto-approve')).code).toBe(0))
  afterEach(async () => void (await pinfold('destroy', 'edge', '--auto-approve', ...place())))

  test('pinfold confirm from another terminal keeps the generation', async () => {
    const applying = await applyFor('60s')
    expect((await pinfold('confirm', 'edge', ...place())).code).toBe(0)
    expect(await applying.ended).toMatchObject({ code: 0, printed: expect.stringContaining('Confirmed edge') })
    expect(await live()).toMatchObject({ generation: 2, first: 'program.parse_ipv6' })
    await goes(applying.watcher)
  })

  test('a confirm that comes too early takes no lock, so that its apply can come', async () => {
    using _lock = lockDirectory(`${host.bpffs}/edge`)
    const early = await pinfold('confirm', 'edge', ...place())
    expect(early).toMatchObject({ code: 1, printed: expect.stringContaining('P406') })
  })

  test('an interrupt takes it back at once', async () => {
    const applying = await applyFor('60s')
    applying.child.kill('SIGINT')
    expect(await applying.ended).toMatchObject({ code: 6 })
    expect(await live()).toMatchObject({ generation: 3, first: 'program.parse_ipv4' })
    await goes(applying.watcher)
  })

  test.each(['SIGHUP', 'SIGKILL'] as const)('it is taken back when %s ended the applying process', async (signal) => {
    const applying = await applyFor('5s')
    applying.child.kill(signal)
    await applying.ended
    expect(await live()).toMatchObject({ generation: 2 })
    await goes(applying.watcher)
    expect(await live()).toMatchObject({ generation: 3, first: 'program.parse_ipv4' })
    expect((await pinfold('plan', ...manifest(1))).code).toBe(0)
  })

  test('it is taken back when the applying process hangs', async () => {
    const applying = await applyFor('500ms')
    applying.child.kill('SIGSTOP')
    await goes(applying.watcher)
    expect(await live()).toMatchObject({ generation: 3 })
    applying.child.kill('SIGCONT')
    expect(await applying.ended).toMatchObject({ code: 6 })
  })

  test('where the watcher was killed, too, the next plan names it and recover takes it back', async () => {
    const applying = await applyFor('500ms')
    process.kill(applying.watcher, 'SIGKILL')
    applying.child.kill('SIGKILL')
    await applying.ended
    await new Promise((done) => setTimeout(done, 600))
    const planned = await pinfold('plan', ...manifest(2))
    expect(planned.code).toBe(2)
    expect(planned.printed).toMatch(/^Generation 2 was not confirmed in time: pinfold apply will first take it back/)
    expect((await pinfold('recover', 'edge', '--auto-approve', ...place())).code).toBe(0)
    expect(await live()).toMatchObject({ generation: 3, first: 'program.parse_ipv4' })
  })

  test('a further apply does not count as a confirmation: exit code 5', async () => {
    const applying = await applyFor('60s')
    const again = await pinfold('apply', ...manifest(2), '--auto-approve')
    expect(again).toMatchObject({ code: 5, printed: expect.stringContaining('error P405: cannot apply edge') })
    expect((await pinfold('rollback', '--stack', 'edge', '--auto-approve', ...place())).code).toBe(0)
    expect(await applying.ended).toMatchObject({ code: 6, printed: expect.stringContaining('by another command') })
    await goes(applying.watcher)
  })

  describe('of a saved plan, which says so', () => {
    const file = join(host.directory, 'plan.json')
    const planned = async (time: string): Promise<void> => {
      const { code, printed } = await pinfold('plan', ...manifest(2), '--confirm', time, '--out', file)
      expect(code).toBe(2)
      expect(printed).toContain('without pinfold confirm edge within ')
    }

    test('waits to be confirmed, and is used then', async () => {
      await planned('60s')
      const applying = await startApply(file)
      expect((await pinfold('confirm', 'edge', ...place())).code).toBe(0)
      expect(await applying.ended).toMatchObject({ code: 0, printed: expect.stringContaining('Confirmed edge') })
      expect(await live()).toMatchObject({ generation: 2, first: 'program.parse_ipv6' })
      expect(await pinfold('apply', file)).toMatchObject({ code: 5, printed: expect.stringContaining('error P312') })
      await goes(applying.watcher)
    })

    test('is taken back by its watcher where its process is killed, and is used up by that', async () => {
      await planned('3s')
      const applying = await startApply(file)
      applying.child.kill('SIGKILL')
      await applying.ended
      await goes(applying.watcher)
      expect(await live()).toMatchObject({ generation: 3, first: 'program.parse_ipv4' })
      expect(await pinfold('apply', file)).toMatchObject({ code: 5, printed: expect.stringContaining('error P312') })
    })
  })

  const place = (): string[] => ['--bpffs', host.bpffs]

  /** The tail-call example; the second version has its handlers exchanged. */
  function manifest(version: 1 | 2): string[] {
    const [first, second] = version === 1 ? ['parse_ipv4', 'parse_ipv6'] : ['parse_ipv6', 'parse_ipv4']
    const file = join(host.directory, `confirm-${version}.yaml`)
    writeFileSync(
      file,
      `version: 1
name: edge
history: 1
objects:
  main: { file: ${resolve('examples/tail-calls/tail-calls.bpf.o')} }
maps:
  handlers: { slots: { 0: ${first}, 1: ${second} } }
programs: { ingress: {}, parse_ipv4: {}, parse_ipv6: {} }
links:
  uplink: { program: ingress, attach: { xdp: { interface: ${host.veth.name}, mode: generic } } }
`,
    )
    return ['-f', file, ...place()]
  }

  /** Applies the second version in a process of its own and returns when it waits. */
  const applyFor = (time: string) => startApply(...manifest(2), '--auto-approve', '--confirm', time)

  async function startApply(...words: readonly string[]) {
    const child = spawn(process.execPath, [starter, 'apply', ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    const running = follow(child)
    await running.says('awaits confirmation')
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1')
    return { child, watcher: Number(children.trim()), ended: running.ended }
  }

  async function live(): Promise<{ readonly generation: number; readonly first: string }> {
    const { printed } = await pinfold('show', 'edge', '--json', ...place())
    const [stack] = JSON.parse(printed).stacks
    const handlers = stack.maps.find((map: { name: string }) => map.name === 'handlers')
    return { generation: stack.generation, first: handlers.slots[0].target }
  }
})

interface Ended {
  readonly code: number | null
  readonly printed: string
}

function follow(child: ChildProcess): { ended: Promise<Ended>; says: (text: string) => Promise<void> } {
  let printed = ''
  const keep = (bytes: Buffer): void => {
    printed += bytes
  }
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', keep)
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, printed })))
  const says = async (text: string): Promise<void> => {
    const over = ended.then(() => true)
    while (!printed.includes(text)) {
      if (await Promise.race([over, new Promise((go) => setTimeout(go, 20, false))])) throw new Error(printed)
    }
  }
  return { ended, says }
}

async function pinfold(...words: string[]): Promise<Ended> {
  const ended = await follow(spawn(process.execPath, [starter, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })).ended
  checkPrinted(words, ended.printed)
  return ended
}

/** False for a zombie, too. */
const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))

/** Waits until a process that is no child of this one has ended. */
async function goes(pid: number): Promise<void> {
  const deadline = Date.now() + 60_000
  while (isRunning(pid)) {
    if (Date.now() > deadline) throw new Error(`process ${pid} does not end`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
