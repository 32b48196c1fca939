// Prints what the README beside it explains: ratios of medians, each measured in turn with what it is compared with.
import { spawnSync } from 'node:child_process'
import { line, medians, peakMemory } from './measure.mjs'
import { applyDemo, applyHundreds, pinfold, run, upgradeDemo, withBpffs } from './stacks.mjs'

const node = process.execPath
const empty = [node, '-e', '0']
const rounds = Number(process.argv[2] ?? 15)

console.log(`Node ${process.version}, medians of ${rounds} rounds\n`)
const ownFloor = start()
noChanges()
const thousand = show(10)
const tenThousand = show(100)
growth(thousand, tenThousand)

function start() {
  const { version, floor } = medians({ floor: empty, version: [pinfold, '--version'] }, rounds)
  report('pinfold --version / node -e 0', version, floor, 1.3)
  return version
}

function noChanges() {
  run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1')
  withBpffs((bpffs) => {
    const plan = applyDemo(bpffs, 'eth0')
    const { noop, floor } = medians({ floor: empty, noop: plan }, rounds)
    report('no-op plan of the demo stack / node -e 0', noop, floor, 2.5)
    rollbacks(upgradeDemo(bpffs, 'eth0'))
  })
  run('ip', 'link', 'delete', 'eth0')
}

/** Two in a row, so that each round begins with the same generation. */
function rollbacks({ plan, rollback }) {
  const once = rollback.join(' ')
  const { noop, twice } = medians({ noop: plan, twice: ['sh', '-c', `${once} && ${once}`] }, rounds)
  report('rollback of the demo stack / no-op plan', twice / 2, noop, 2)
}

/** Measures `show` of as many stacks of 100 maps and 100 programs, against an empty Node and against bpftool. */
function show(stacks) {
  const pins = `${stacks * 100} + ${stacks * 100} pins`
  return withBpffs((bpffs) => {
    applyHundreds(bpffs, stacks)
    const args = [pinfold, 'show', '--json', '--bpffs', bpffs]
    const both = 'bpftool -j -f map show && bpftool -j -f prog show'
    const commands = { floor: empty, show: args, ...(hasBpftool() && { bpftool: ['sh', '-c', both] }) }
    const times = medians(commands, stacks > 10 ? Math.ceil(rounds / 3) : rounds)
    report(`show --json of ${pins} / node -e 0`, times.show, times.floor, stacks > 10 ? undefined : 2.5)
    if (times.bpftool)
      report(`show --json of ${pins} / bpftool`, times.show, times.bpftool, stacks > 10 ? 0.6 : undefined)
    console.log(
      line(`peak memory of show --json of ${pins}`, `${peakMemory(args).toFixed(0)} MB`, stacks > 10 ? '150 MB' : ''),
    )
    // The environment may make an empty Node slower than ours (see the README).
    return times.show - Math.min(times.floor, ownFloor)
  })
}

/** Time over the floor for ten times as many pins: 10 is linear. */
function growth(small, large) {
  console.log(line('growth: 10 times the pins, time over the floor', (large / small).toFixed(2), '11'))
}

function report(what, time, reference, target) {
  const ratio = (time / reference).toFixed(2)
  console.log(line(what, ratio, target?.toString() ?? '', `${time.toFixed(1)} ms / ${reference.toFixed(1)} ms`))
}

function hasBpftool() {
  return spawnSync('bpftool', ['version']).status === 0
}
