// Upgrades in the order "attach before pin" and dies after the last attachment: `killed-loader.mjs BPFFS VERSION`.
import { naiveOrders } from './naive.mjs'
import { openStack } from './stack.mjs'

const [bpffs, version] = process.argv.slice(2)
const stack = await openStack(bpffs)
let switched = 0
await stack.applyVersion(version, {
  reorder: naiveOrders.attachBeforePin,
  report(event) {
    if (event.type === 'step-finished' && event.step.kind === 'update-link' && ++switched === 2) {
      process.kill(process.pid, 'SIGKILL')
    }
  },
})
throw new Error('cannot die: the plan switches no two links')
