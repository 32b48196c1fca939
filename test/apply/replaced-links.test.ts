import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { apply } from '../../src/apply/apply.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import type { DesiredState } from '../../src/model/state.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { formerState } from '../../src/plan/rollback.ts'
import { readDesired } from '../../src/state/read-desired.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { applyStack, currentOf, destroyStack, planFor } from './runs.ts'

const object = resolve(import.meta.dirname, '../fixtures/renames.bpf.o')

describe.skipIf(!canTestLinux)('links without update are replaced while events come in', () => {
  const host = openTestHost()
  const kernel = openLinuxKernel()
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
  })

  // A tracepoint's number is in a tracefs, and another test's may be gone the next moment.
  if (canTestLinux) expect(host.tracefs).toBeTruthy()

  const place = {
    get bpffs() {
      return host.bpffs
    },
  }

  function desired(kind: string, process: number, version: number, onReplace: string): DesiredState {
    const file = join(host.directory, 'renames.yaml')
    writeFileSync(
      file,
      `version: 1
name: renames
objects: { main: { file: ${object}, globals: { process: ${process}, version: ${version} } } }
programs: { on_${kind}: }
links: { renames: { program: on_${kind}, onReplace: ${onReplace} } }
`,
    )
    return readDesired(loadManifest(file, { bpffs: host.bpffs }), {
      kernel,
      bpffs: host.bpffs,
      readFile: (path) => readFileSync(path),
    })
  }

  /** Carries a plan out, slowly where one link is there and the other is not or both are: some event comes just then. */
  async function carryOut(plan: Plan, wanted: DesiredState): Promise<void> {
    for await (const event of apply(kernel, plan, wanted)) {
      if (event.type === 'finished') expect(event.outcome).toMatchObject({ result: 'done', left: [] })
      if (event.type !== 'step-finished') continue
      if (event.step.kind === 'create-link' || event.step.kind === 'detach-link') await sleep(30)
    }
  }

  /** What the programs of all versions counted, given how many events there were. */
  function totals(events: number) {
    using map = kernel.openPin(`${host.bpffs}/renames/live/maps/totals`)
    const at = (index: number): number => {
      const value = kernel.lookup(map as never, new Uint8Array([index, 0, 0, 0]))
      return value ? Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0, true)) : Number.NaN
    }
    return { missed: events - at(0), twice: at(1), byVersion: [at(2), at(3)] }
  }

  describe.each(['tracepoint', 'raw_tracepoint'])('%s', (kind) => {
    test('by overlap: no event is missed, some are counted twice, in both directions', async () => {
      const events = await renaming(async (process) => {
        await applyStack(kernel, desired(kind, process, 0, 'overlap'), place)
        return async () => {
          for (const version of [1, 0, 1, 0]) {
            const wanted = desired(kind, process, version, 'overlap')
            await carryOut(planFor(kernel, wanted, place), wanted)
          }
        }
      })
      const { missed, twice, byVersion } = totals(events)
      expect(missed).toBe(0)
      expect(twice).toBeGreaterThan(0)
      expect(Math.min(...byVersion)).toBeGreaterThan(0)
      await destroyStack(kernel, desired(kind, 1, 0, 'overlap'), place)
    })

    test('with a gap: no event is counted twice, some are missed, in both directions and by a rollback', async () => {
      const events = await renaming(async (process) => {
        await applyStack(kernel, desired(kind, process, 0, 'gap'), place)
        return async () => {
          for (const version of [1, 0, 1, 0, 1]) {
            const wanted = desired(kind, process, version, 'gap')
            await carryOut(planFor(kernel, wanted, place), wanted)
          }
          const former = formerState(currentOf(kernel, desired(kind, process, 0, 'gap'), place))
          const back = planFor(kernel, former, place)
          expect(back.changes).toContainEqual(expect.objectContaining({ address: 'link.renames', verdict: 'gap' }))
          await carryOut(back, former)
        }
      })
      const { missed, twice, byVersion } = totals(events)
      expect(twice).toBe(0)
      expect(missed).toBeGreaterThan(0)
      expect(Math.min(...byVersion)).toBeGreaterThan(0)
      await destroyStack(kernel, desired(kind, 1, 0, 'gap'), place)
    })
  })
})

/** Renames itself from pf00000000 on, 30,000 times a second or so; says its id, begins when told so, ends when told so again. */
const renamer = `
import os, select, sys, time
print(os.getpid(), flush=True)
sys.stdin.readline()
name = os.open('/proc/self/comm', os.O_WRONLY)
os.write(name, b'pf00000000')
print('begun', flush=True)
events = 0
while not select.select([0], [], [], 0)[0]:
    time.sleep(0.00005)
    for _ in range(4):
        events += 1
        os.write(name, b'pf%08x' % events)
print(events, flush=True)
`

/** How many events there were while `prepare`'s result ran; it is told the process whose events count. */
async function renaming(prepare: (process: number) => Promise<() => Promise<void>>): Promise<number> {
  const child = spawn('python3', ['-c', renamer], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const work = await prepare(Number(await nextLine(child)))
    child.stdin.write('\n')
    await nextLine(child)
    await work()
    const rest = text(child.stdout)
    child.stdin.end()
    return Number(await rest)
  } finally {
    child.kill()
  }
}

async function nextLine({ stdout }: ChildProcess): Promise<string> {
  const [line] = (await once(stdout ?? process.stdin, 'data')) as [Buffer]
  return line.toString().trim()
}
