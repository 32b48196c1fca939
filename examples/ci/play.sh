#!/usr/bin/env bash
# Plays github-actions.yml and gitlab-ci.yml on this machine, in namespaces of its own: a host with nothing on it, a first version, a
# pull request with the next one, its merge, and somebody who changes the host by hand. The jobs are functions of the same names with
# the same commands. Needs root, iproute2 and bpftool; leaves nothing behind. Exit code 0: each job ended as it should.
set -euo pipefail
cd "$(dirname "$0")"
if [[ ${1:-} != --inside ]]; then exec unshare --mount --net --propagation private "$PWD/play.sh" --inside; fi

example=$(realpath ../rolling-upgrade)
cli=$(realpath ../../dist/cli/pinfold.js)
work=$(mktemp -d)
trap 'umount /sys/fs/bpf; rm -r "$work"' EXIT
mount -t bpf bpf /sys/fs/bpf
ip link add eth0 type veth peer name far
cd "$work"

main() {
  title 'The first version is reviewed and merged'
  checkout v1
  snapshot
  check
  plan
  apply

  title 'A pull request with the next version'
  snapshot
  checkout v2
  check
  plan

  title 'It is merged: what was reviewed is done, once'
  apply
  expect 5 pinfold apply plan.json

  title 'Somebody detaches the link by hand; the next run says so, and repairs it'
  bpftool link detach pinned /sys/fs/bpf/rolling/live/links/uplink
  expect 3 pinfold plan -f edge.yaml --drift-only
  snapshot
  plan
  apply
}

# A checkout of the repository, whose edge.yaml is version 1 or 2 of an example.
checkout() { cp "$example"/*.bpf.o . && cp "$example/$1.yaml" edge.yaml; }

snapshot() {
  pinfold snapshot --with-btf >host.json
}

check() {
  pinfold validate -f edge.yaml
  pinfold verify -f edge.yaml
}

plan() {
  code=0
  without_rights pinfold plan -f edge.yaml --against host.json --out plan.json --format markdown >comment.md || code=$?
  case $code in 0 | 2 | 3 | 4) ;; *) exit $code ;; esac
  cat comment.md
  test "$code" != 4
}

apply() {
  pinfold apply plan.json --json >events.ndjson
  pinfold plan -f edge.yaml
}

title() { printf '\n## %s\n' "$*"; }

pinfold() {
  printf '\n$ pinfold %s\n' "$*" >&2
  "${prefix[@]}" node "$cli" "$@"
}

# Planning needs neither a kernel nor root.
prefix=()
without_rights() {
  prefix=(setpriv --bounding-set=-all --inh-caps=-all)
  "$@"
  local code=$?
  prefix=()
  return $code
}

expect() {
  local code=0
  "${@:2}" || code=$?
  ((code == $1)) || { echo "exit code $code instead of $1" >&2; exit 1; }
}

main
