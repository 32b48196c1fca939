import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

export const server = { ipv4: '10.1.1.1', ipv6: 'fd00::1' }

/**
 * Joins this process's network namespace, the server's, and a new one, the client's, by a veth pair; each end is called
 * eth0. The client's namespace lives until its process ends, which reads this one's pipe.
 */
export async function makeNetwork() {
  const client = spawn('unshare', ['--net', 'sh', '-c', 'echo ready && exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(client.stdout, 'data')
  shell(`
    ip link add eth0 type veth peer name eth0 netns ${client.pid}
    ip link set eth0 up
    ip address add ${server.ipv4}/24 dev eth0
    ip address add ${server.ipv6}/64 dev eth0 nodad
  `)
  inClient(
    client,
    `
    ip link set eth0 up
    ip address add 10.1.1.2/24 dev eth0
    ip address add fd00::2/64 dev eth0 nodad
    until ip link show eth0 | grep -q 'state UP'; do sleep 0.05; done
  `,
  )
  return client
}

/** Sends UDP packets to the server, each from a socket of its own. */
export function sendPackets(client, { ipv4, ipv6 }) {
  inClient(client, `for ((i = 0; i < ${ipv4}; i++)); do echo packet >/dev/udp/${server.ipv4}/9; done`)
  inClient(client, `for ((i = 0; i < ${ipv6}; i++)); do echo packet >/dev/udp/${server.ipv6}/9; done`)
}

const inClient = (client, script) => run('nsenter', [`--net=/proc/${client.pid}/ns/net`, 'bash', '-ec', script])
const shell = (script) => run('bash', ['-ec', script])

/** Runs a command to its end; throws with what it said when it fails. */
export function run(file, args) {
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: 20_000 })
  if (status !== 0) throw new Error(`cannot run ${file}: ${error?.message ?? stderr.trim()}`)
}
