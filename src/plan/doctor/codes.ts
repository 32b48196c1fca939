import type { PlanCode } from '../codes.ts'

export type CheckupCode =
  | 'unheldArray'
  | 'emptySlot'
  | 'missingPin'
  | 'severedLink'
  | 'interrupted'
  | 'fleetingPins'
  | 'unpinned'
  | 'onOurs'
  | 'lostRecord'

/** Every P5xx code: what `pinfold doctor` finds. Numbers are never reused. */
export const checkupCodes: Readonly<Record<CheckupCode, PlanCode>> = {
  unheldArray: {
    code: 'P501',
    summary: 'Program array without a holder',
    explanation:
      'A program uses the array, but no pin and no descriptor of it can be seen and every slot is empty: the kernel emptied it at its last user reference, and every tail call falls through. `doctor --repair` opens it by its id, pins it, fills it from the record (or from the manifest that is given with -f) and reads it again until the fill stays. Where nothing tells what it held, or the programs that stood in it are gone, only a new apply (or a restart of its owner) helps.',
  },
  emptySlot: {
    code: 'P502',
    summary: 'Declared slot is empty',
    explanation:
      'The array is held, but a slot that the record declares is empty, so the tail calls to it fall through. `doctor --repair` fills it with the recorded program.',
  },
  missingPin: {
    code: 'P503',
    summary: 'Program array held by others only',
    explanation:
      'The stack’s own pin of the array is gone. It still has its slots because somebody else holds it, and loses them when that one lets go. `doctor --repair` pins it again.',
  },
  severedLink: {
    code: 'P504',
    summary: 'Severed link',
    explanation:
      'The device, cgroup or namespace of the link is gone, so the link is pinned but runs nothing, also when another of that name comes. The next apply attaches it anew; of a link that pinfold did not make the pin can be removed.',
  },
  interrupted: {
    code: 'P505',
    summary: 'Interrupted command',
    explanation:
      'A killed apply, rollback or destroy left something behind, or a generation was not confirmed in time. `doctor --repair` does what `pinfold recover` does.',
  },
  fleetingPins: {
    code: 'P506',
    summary: 'Pins that end with their mount namespace',
    explanation:
      'The bpffs is not mounted in the mount namespace of the first process: it goes when the last process of this namespace ends, and with it every pin and what only pins keep. Mount the host’s bpffs into the container instead (`-v /sys/fs/bpf:/sys/fs/bpf`).',
  },
  unpinned: {
    code: 'P507',
    summary: 'Program attached without a pin',
    explanation:
      'At a hook of the manifest a program is attached that no pin leads to, neither of its link nor of itself. Through a link it lives as long as some process has that open; through netlink or PROG_ATTACH until it is detached there. It may be what a killed loader left, it may stand in the way of the stack’s own link, and nothing holds its program arrays.',
  },
  onOurs: {
    code: 'P508',
    summary: 'Somebody else extends or traces a program of the stack',
    explanation:
      'A link of another owner (freplace, fentry, fexit) is attached to a program of this stack. It stays on that program when the stack is upgraded, and keeps it alive; the new version runs without it.',
  },
  lostRecord: {
    code: 'P509',
    summary: 'Stack without its record',
    explanation:
      'The live tree of a stack is there, but not its record, which says whose the pins are and what was applied: somebody removed it. What runs goes on, and nothing plans or removes what may be somebody else’s. Where it is all the stack’s, `apply --adopt` with its manifest takes it over and writes the record anew, and `destroy --adopt` removes it. Where the manifest is lost, too, `import` of the tree with the object files makes another stack of it.',
  },
}
