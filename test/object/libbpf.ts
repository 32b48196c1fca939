import { execFileSync } from 'node:child_process'

// A mount namespace of its own: libbpf pins some maps right below /sys/fs/bpf, and everything goes with the namespace.
// (The kernel puts two files of its own, *.debug, into a fresh bpffs.)
const script = `
  mount --make-rprivate / && mount -t bpf none /sys/fs/bpf || exit 1
  kind=$1; shift
  if [[ $kind == map ]]; then set -- "$@" pinmaps /sys/fs/bpf; fi
  bpftool prog loadall "$@" >&2 || exit 1
  if [[ $kind == map ]]; then pins=(/sys/fs/bpf/*); else pins=(/sys/fs/bpf/programs/*); fi
  for pin in "\${pins[@]}"; do
    if [[ -f $pin && $pin != *.debug ]]; then bpftool -j "$kind" show pinned "$pin" || exit 1; echo; fi
  done`

/** What bpftool says of the maps or programs of an object that libbpf has loaded. */
export function loadByLibbpf<T>(kind: 'map' | 'prog', path: string, options: readonly string[] = []): T[] {
  const command = ['-m', 'bash', '-c', script, 'bash', kind, path, '/sys/fs/bpf/programs', ...options]
  const output = execFileSync('unshare', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line))
}
