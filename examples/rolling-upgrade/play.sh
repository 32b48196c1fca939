#!/usr/bin/env bash
# Plays what the README tells, in namespaces of its own: version 1, version 2 and back, while a ping never stops. Needs root,
# iproute2, ping and bpftool; leaves nothing behind. Exit code 0: no answer was missing and no packet went uncounted.
set -euo pipefail
cd "$(dirname "$0")"
if [[ ${1:-} != --inside ]]; then exec unshare --mount --net --propagation private "$PWD/play.sh" --inside; fi

bpffs=$(mktemp -d)
log=$(mktemp)
mount -t bpf bpf "$bpffs"
unshare --net sleep infinity &
client=$!
trap 'kill $client; umount "$bpffs"; rmdir "$bpffs"; rm "$log"' EXIT

main() {
  make_network
  pinfold apply -f v1.yaml --auto-approve
  nsenter "--net=/proc/$client/ns/net" ping -q -i 0.002 10.9.0.1 >"$log" &
  ping=$!
  counters
  pinfold apply -f v2.yaml --auto-approve
  counters
  pinfold rollback -f v2.yaml --auto-approve
  counters
  kill -INT $ping && wait $ping
  check
  pinfold destroy rolling --auto-approve
}

# "near" here, "far" in the client's namespace, which exists a moment after its process.
make_network() {
  until [[ $(readlink /proc/$client/ns/net) != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.05; done
  ip link add near type veth peer name far netns $client
  ip address add 10.9.0.1/24 dev near
  ip link set near up
  in_client ip address add 10.9.0.2/24 dev far
  in_client ip link set far up
  until in_client ping -q -c 1 -W 1 10.9.0.1 >/dev/null; do :; done
}

in_client() { nsenter "--net=/proc/$client/ns/net" "$@"; }

pinfold() {
  printf '\n$ pinfold %s\n' "$*"
  if [[ $1 != destroy ]]; then set -- "$@" --var IFACE=near; fi
  node ../../dist/cli/pinfold.js "$@" --bpffs "$bpffs"
}

# What has been counted after a second of pings, whichever program counted it. Protocol 1 is ICMP.
counters() {
  sleep 1
  for map in total protocols; do
    printf '\n$ bpftool map dump pinned /sys/fs/bpf/rolling/live/maps/%s\n' $map
    bpftool map dump pinned "$bpffs/rolling/live/maps/$map"
  done
}

check() {
  local sent received counted
  read -r sent received < <(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 \2/p' "$log")
  counted=$(bpftool -j map dump pinned "$bpffs/rolling/live/maps/total" | sed 's/.*"value":\([0-9]*\).*/\1/')
  printf '\n%s pings were sent, %s answered, %s counted\n' "$sent" "$received" "$counted"
  ((sent == received && counted == sent))
}

main
