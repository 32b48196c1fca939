import { execFileSync } from 'node:child_process'

/** The newest bpftool that Debian offers; undefined where it cannot be fetched: without Debian, or without a network. */
export const bpftool: string | undefined = newest()

function newest(): string | undefined {
  try {
    return execFileSync('scripts/newest-bpftool', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  } catch {
    return undefined
  }
}
