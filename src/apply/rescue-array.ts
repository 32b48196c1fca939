import { setTimeout as sleep } from 'node:timers/promises'
import { PlanError } from '../model/errors.ts'
import type { Operation } from '../plan/step.ts'
import { applyCodes } from './codes.ts'
import { describeMap } from './execute-map.ts'
import { idAt, wordOf } from './execute-slot.ts'
import { absolute, type Execution } from './execution.ts'
import { isErrno, nameFor } from './problem.ts'

type RescueArray = Operation & { readonly kind: 'rescue-array' }

const rounds = 20
const pause = 20

/**
 * Pins an array, fills its empty slots, and reads them again later: the clear that the kernel queued when the array lost
 * its last holder may come after the first fill (153 of 400 tries on 6.18). Done when two readings in a row are right.
 * Throws PlanError P311 when they do not become so. A slot that holds another program is left alone, and told.
 */
export async function rescueArray(run: Execution, { array, path, slots }: RescueArray): Promise<void> {
  const { kernel, plan, handles } = run
  const map = handles.map(array)
  hold(run, { map, path: absolute(plan, path) })
  const wanted = Object.entries(slots).map(([index, program]) => ({ index: Number(index), program }))
  const empty = (): typeof wanted => wanted.filter(({ index }) => idAt(kernel, map, index) === undefined)
  for (let round = 0, right = 0; round < rounds && right < 2; round++) {
    for (const { index, program } of empty()) kernel.update(map, wordOf(kernel, index), handles.program(program))
    await sleep(pause)
    await kernel.waitForReaders()
    right = empty().length === 0 ? right + 1 : 0
  }
  const wrong = wanted.filter(({ index, program }) => idAt(kernel, map, index) !== handles.idOf(program))
  if (wrong.length > 0) throw notRescued(array, wrong)
}

/** The pin may be there already; another object there is somebody else's. */
function hold(
  { kernel }: Execution,
  { map, path }: { map: ReturnType<Execution['handles']['map']>; path: string },
): void {
  try {
    kernel.pin(map, path)
  } catch (error) {
    if (!isErrno(error, 'EEXIST') || kernel.describePin(path).id !== describeMap(kernel, map).id) throw error
  }
}

const notRescued = (array: RescueArray['array'], wrong: readonly { readonly index: number }[]): PlanError =>
  new PlanError(
    `cannot rescue ${nameFor(array)}: slot ${wrong.map(({ index }) => index).join(', ')} does not keep its program`,
    { code: applyCodes.notRescued.code, hint: 'somebody else changes it' },
  )
