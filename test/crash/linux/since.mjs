// Hides the objects of the whole system that are older than a test: BPF_*_GET_NEXT_ID starts after them. They are nobody's
// business here, and reading thousands of them each time would be most of what a run takes.

const next = [11, 12, 31]

/** `since`: the ids of the youngest program, map and link, with commas; undefined hides nothing. */
export function hideOlder(addon, since) {
  if (!since) return
  const youngest = since.split(',').map(Number)
  const { bpf } = addon
  addon.bpf = (command, attr, pointers) => {
    const kind = next.indexOf(command)
    if (kind < 0) return bpf(command, attr, pointers)
    const start = new DataView(attr.buffer, attr.byteOffset)
    const after = Math.max(start.getUint32(0, true), youngest[kind])
    start.setUint32(0, after, true)
    return bpf(command, attr, pointers)
  }
}
