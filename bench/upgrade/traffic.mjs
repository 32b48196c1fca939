import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { server } from '../../scripts/demo-network.mjs'

/** Compiles the sender and receiver into a directory; throws with what the compiler says. */
export function compileTraffic(directory) {
  const program = join(directory, 'traffic')
  const { status, stderr, error } = spawnSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'traffic.c')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`cannot compile traffic.c: ${error?.message ?? stderr}`)
  return program
}

/**
 * Sends packets from the client to this namespace while `work` runs. Returns how many were sent, in how many seconds, and how
 * many were received once all is quiet again.
 */
export async function underTraffic({ program, client, rate, period, time }, work) {
  const receiver = start(program, ['receive'])
  await once(receiver.process.stdout, 'readable')
  const sender = start('nsenter', [
    `--net=/proc/${client.pid}/ns/net`,
    ...[program, 'send', server.ipv4, rate, period, time].map(String),
  ])
  let sent
  try {
    await work()
  } finally {
    sent = await sender.stop()
  }
  return { ...sent, ...(await receiver.stop()) }
}

/** A process that prints one line of JSON at the end, when its standard input is closed. */
function start(file, args) {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  // Read to the end from the start, or a full pipe would stop it.
  const output = text(child.stdout)
  return {
    process: child,
    async stop() {
      child.stdin.end()
      return JSON.parse((await output).replace('ready\n', ''))
    },
  }
}

/**
 * The highest rate at which nothing is lost without any upgrade: as fast as the kernel takes packets where it holds a
 * sender back (veth with a queue, from 6.16), else a tenth less each time.
 */
export async function findRate(traffic, seconds) {
  const lossless = async (rate) => {
    const { sent, received, seconds: took } = await underTraffic({ ...traffic, rate }, () => pause(seconds * 1000))
    return { lost: sent - received, reached: sent / took }
  }
  const first = await lossless(0)
  if (first.lost === 0) return { rate: 0, reached: first.reached }
  for (let rate = first.reached * 0.9; rate > 1000; rate *= 0.9) {
    const { lost, reached } = await lossless(Math.round(rate))
    if (lost === 0) return { rate: Math.round(rate), reached }
  }
  throw new Error('cannot find a rate at which no packet is lost')
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
