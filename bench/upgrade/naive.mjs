// The orders in which loaders commonly upgrade, as pinfold's own plan with its steps rearranged: same kernel calls, same
// speed, same executor. pinfold's planner makes none of them; the second one its ledger would reject, too.

const isArray = (reference) => /:map\.\w+_calls$/.test(reference ?? '')
const isOf = (step, ...kinds) => kinds.includes(step.kind)

/** Each turns a plan into one that does the same in another order. */
export const naiveOrders = {
  /** libbpf and ebpf-go with a pinned array: the new callees are put into the live one, slot by slot; then the entry follows. */
  refillInPlace(plan) {
    const kept = plan.steps.filter((step) => !makesArray(step) && !(isOf(step, 'await-unused') && isArray(step.target)))
    const pins = arraysOf(plan).map((array) => keepPin(array))
    const refills = plan.steps.filter((step) => isOf(step, 'fill-slot')).map(refill)
    return withSteps(plan, insertBefore(kept, 'update-link', [...pins, ...refills]))
  },

  /** Attach first, pin when all went well. */
  attachBeforePin(plan) {
    const late = plan.steps.filter((step) => isOf(step, 'pin') && isArray(step.target))
    const others = plan.steps.filter((step) => !late.includes(step))
    const pins = late.map((step) => ({ ...step, phase: 'switch' }))
    return withSteps(plan, insertBefore(others, 'exchange', pins))
  },

  /** Switch, and remove what was there: nobody waits for the packets that are inside it. */
  removeAtOnce(plan) {
    const others = plan.steps.filter((step) => !isOf(step, 'drain', 'await-unused'))
    const steps = others.flatMap((step) => (isOf(step, 'update-link') ? [step, removeOldArray(step)] : [step]))
    return withSteps(plan, steps)
  },
}

const makesArray = (step) =>
  (isOf(step, 'create-map', 'pin') && isArray(step.target)) || isOf(step, 'fill-slot', 'check-slots')

const arraysOf = (plan) => plan.steps.filter((step) => isOf(step, 'create-map') && isArray(step.target))

function keepPin({ target }) {
  const path = `maps/${target.replace('next:map.', '')}`
  const live = target.replace('next:', 'live:')
  return { phase: 'switch', kind: 'link-pin', target: live, from: `live/${path}`, to: `next/${path}` }
}

const refill = ({ array, index, program }) => ({
  phase: 'switch',
  kind: 'replace-slot',
  array: array.replace('next:', 'live:'),
  index,
  before: program.replace('next:', 'live:'),
  after: program,
})

/** `live:link.xdp` uses `live/maps/xdp_calls`. */
const removeOldArray = ({ target }) => ({
  phase: 'switch',
  kind: 'unpin',
  path: `live/maps/${target.replace('live:link.', '')}_calls`,
})

function insertBefore(steps, kind, inserted) {
  const at = steps.findIndex((step) => step.kind === kind)
  return steps.toSpliced(at, 0, ...inserted)
}

const withSteps = (plan, steps) => ({ ...plan, steps })
