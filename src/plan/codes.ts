/** A diagnostic of the plan: its constant phrase, and what docs/errors.md says of it. */
export interface PlanCode {
  readonly code: string
  readonly summary: string
  readonly explanation: string
}

type PlanProblem =
  | 'notKept'
  | 'leftBehind'
  | 'unconfirmed'
  | 'noWayBack'
  | 'awaiting'
  | 'nothingToConfirm'
  | 'unheld'
  | 'refused'
  | 'entriesLost'
  | 'gap'
  | 'stillUsed'
  | 'foreignPin'
  | 'longDrain'
  | 'pinRefused'
  | 'pinLeft'
  | 'bothLive'
  | 'unmigratable'
  | 'shared'
  | 'bestEffort'
  | 'protected'
  | 'otherLayout'
  | 'inPlace'
  | 'emptySlot'
  | 'overlap'
  | 'adopted'
  | 'vanishing'
  | 'rename'
  | 'scratch'
  | 'rounded'
  | 'sharedArray'
  | 'sameSlot'
  | 'unusedSilence'
  | 'notAsDeclared'
  | 'displaced'
  | 'neededHere'
  | 'notOwned'
  | 'unproven'

/** Every P code. Numbers are never reused. */
export const planCodes: Readonly<Record<PlanProblem, PlanCode>> = {
  unheld: {
    code: 'P101',
    summary: 'Map without a holder',
    explanation:
      'The kernel empties a program array (and releases what is attached to a sockmap, and cancels the timers in a map) when the last descriptor or pin of it goes, whatever still uses it. With `pin: false` that would be the end of the applying process. Remove `pin: false`.',
  },
  refused: {
    code: 'P102',
    summary: 'Map differs and may not be replaced',
    explanation:
      'A map cannot change its type, sizes, flags or layout while it lives. The manifest says `onChange: refuse` (the default): keep the old definition, write `onChange: replace` to make a new map and lose the entries, or `onChange: migrate` to carry them over.',
  },
  entriesLost: {
    code: 'P103',
    summary: 'Map replaced or deleted, entries lost',
    explanation:
      'What the map holds now is gone afterwards: the manifest allowed it, the map left the manifest, or the stack is destroyed.',
  },
  gap: {
    code: 'P104',
    summary: 'Link replaced with a gap',
    explanation:
      'The hook takes one link at a time and this link cannot be updated, so for a moment neither the old nor the new program runs.',
  },
  stillUsed: {
    code: 'P106',
    summary: 'Old program still used by somebody else',
    explanation:
      'A program of the outgoing generation is attached by somebody else, or kept by a severed link of theirs. What it uses is kept in its generation directory until that is gone; the apply then ends with exit code 7.',
  },
  foreignPin: {
    code: 'P107',
    summary: 'Foreign pin inside the stack',
    explanation:
      "Something lies in the stack's own tree that its record does not know, or the record was lost. pinfold never removes or moves what is not its own, so the tree cannot be replaced (nor, where it has no record, destroyed): pin it elsewhere and remove it here. If it is the stack's own, `--adopt` takes it over, and it goes with the tree.",
  },
  longDrain: {
    code: 'P108',
    summary: 'One grace period is not enough',
    explanation:
      'Old code may run on after the RCU grace period that pinfold waits for: a sleepable program that is asleep, a packet in the queue of a cpumap, the callback of a timer. For sleepable programs `drainSeconds` is waited before an array that they use is emptied. Programs in cpumaps and timers keep their ids until they have run, and an array is removed only when the ids of all its users are gone; after two seconds it is kept, and the next apply removes it.',
  },
  pinRefused: {
    code: 'P121',
    summary: 'Pin elsewhere refused',
    explanation:
      'A path under `pins:` is not free for the stack: something that it did not pin is there, or somebody else may write to a directory above it, or it lies in another stack. Nothing was changed.',
  },
  pinLeft: {
    code: 'P122',
    summary: 'Pin elsewhere left alone',
    explanation:
      'The stack pinned something at this path, and somebody has replaced it since. pinfold removes only what is its own.',
  },
  bothLive: {
    code: 'P123',
    summary: 'Both ends of a move are live',
    explanation:
      'A row of `moved:` gives an object a new address at which another object of the stack lives already. Remove the row, or first apply a manifest without the object at the new address.',
  },
  notKept: {
    code: 'P401',
    summary: 'Former generation not kept',
    explanation:
      'A rollback needs the former generation, whose maps and programs are kept as `gen-N` in the stack as long as `history:` allows, and not where a map of it has timers.',
  },
  leftBehind: {
    code: 'P402',
    summary: 'Entries that a rollback cannot take along',
    explanation:
      'The generation that comes back has a map of its own under this name, which holds what it held when it was replaced. What was written to the live map since (after a migration: everything new) stays in that map: it is kept with the generation that goes, as far as `history:` allows, and lost otherwise. Maps that both generations share keep every entry as it is now.',
  },
  unconfirmed: {
    code: 'P403',
    summary: 'Generation not confirmed in time',
    explanation:
      'The live generation was applied with `--confirm`, its time is up, and nobody was there to take it back: the applying process and its watcher were killed. The next apply, or `pinfold recover`, takes it back to the former generation; `pinfold confirm` still keeps it.',
  },
  noWayBack: {
    code: 'P404',
    summary: 'No generation to go back to',
    explanation:
      '`apply --confirm` goes back to the former generation when nobody confirms, so that one has to be kept: `history: 1` or more in the manifest, and no map of its own with timers. A first apply goes back to nothing: the stack is removed.',
  },
  awaiting: {
    code: 'P405',
    summary: 'Generation awaits confirmation',
    explanation:
      'The live generation was applied with `--confirm` and its time is not up. A further apply is refused and does not count as a confirmation: `pinfold confirm` keeps the generation, `pinfold rollback` takes it back at once.',
  },
  nothingToConfirm: {
    code: 'P406',
    summary: 'Nothing to confirm',
    explanation:
      'The live generation waits for nothing: it was confirmed before, was never to be confirmed, or is the former one again because the time was up. `pinfold show` tells which generation is live.',
  },
  unmigratable: {
    code: 'P130',
    summary: 'Map cannot be migrated',
    explanation:
      'The manifest says `onChange: migrate` (or `globals: carry`), but the entries cannot become entries of the new map, for the reasons given: its type, a field whose value may not survive (`onLossy: truncate` allows that), keys that could become one, timers, locks and kernel pointers, or too little room.',
  },
  shared: {
    code: 'P131',
    summary: 'Migrated map used by others',
    explanation:
      'Programs that do not belong to the stack use the map whose entries are carried over. They go on using the old one: what they write after the migration is not seen by the new programs.',
  },
  bestEffort: {
    code: 'P132',
    summary: 'Migration may miss entries',
    explanation:
      'The kernel evicts entries of LRU maps as it sees fit, also while they are copied. Per-CPU counters are added to on their own CPU (on another one where pinfold may not run there), which is exact for programs that run in interrupts (XDP, tc, cgroup on receive), but a tracing program that is preempted in the middle of an addition may lose one.',
  },
  protected: {
    code: 'P140',
    summary: 'Protected',
    explanation:
      'The manifest said `protect: true` of an object, and this plan would delete it, lose the entries of a map, or detach a link or leave a gap; or it said so of the whole stack, or of anything in it, and this plan would destroy that. Protection is kept in the record, whatever becomes of the block in the manifest: apply `protect: false` by itself first, which is a plan of its own.',
  },
  otherLayout: {
    code: 'P141',
    summary: 'Same sizes, another layout',
    explanation:
      'The new map has keys and values of the same sizes, but their fields lie or mean something else. The kernel sees no difference: a program of somebody else, or a tool that reads the pin by a struct of its own, goes on without an error and gets wrong values.',
  },
  inPlace: {
    code: 'P142',
    summary: 'Live array changed in place',
    explanation:
      'A slot of a program array is exchanged while packets run through it: one that began in old programs goes on in the new one. Everywhere else a new array is switched to together with its callers. The manifest asks for it (`onSlotChange: in-place`), or the array is somebody else’s, whose programs meet the new one at once.',
  },
  emptySlot: {
    code: 'P143',
    summary: 'Slot of a live array empty',
    explanation:
      'A tail call to an empty slot does nothing: the caller goes on behind it, which is seldom what it should do. Either somebody cleared a declared slot, and this plan fills it again, or a slot that is filled now is not declared any more.',
  },
  overlap: {
    code: 'P145',
    summary: 'Link replaced by overlap',
    explanation:
      'The kernel cannot switch a link of this kind, so the new one is attached before the old one goes: for a moment both programs run for each event. Counters are increased twice, events sent twice.',
  },
  adopted: {
    code: 'P146',
    summary: 'Foreign pin taken over',
    explanation:
      'With `--adopt` pins in the stack’s tree that no record knows count as the stack’s own. This plan replaces or removes the tree, and they go with it.',
  },
  vanishing: {
    code: 'P147',
    summary: 'Pins that will vanish',
    explanation:
      'Pins live as long as their bpffs. One that only a mount namespace or a container has mounted ends with it, and one below /run, /tmp or /dev/shm with whatever it was mounted for: then everything that nothing else holds is gone, and program arrays are emptied under attached programs.',
  },
  rename: {
    code: 'P148',
    summary: 'Perhaps a new name',
    explanation:
      'One object is deleted and one of the same kind, shape (or code, or place) made. If it is meant to be the same one under a new name, a row of `moved:` keeps it where it is: entries stay, a link stays attached. So it is with a data section that gets the name of its object in front because another object has such a section, too: what its variables hold stays.',
  },
  scratch: {
    code: 'P149',
    summary: 'Scratch map shared by old and new programs',
    explanation:
      'Programs hand something to one another in a per-CPU array, and some of them are loaded anew while the map is kept. Where old and new ones run side by side, one version may read what the other wrote: harmless as long as its fields mean the same to both.',
  },
  rounded: {
    code: 'P150',
    summary: 'Size rounded by the kernel',
    explanation:
      'LRU maps with BPF_F_NO_COMMON_LRU get a multiple of the CPUs as their number of entries. A map that differs only by that is kept, so a change of the size that is smaller than the rounding changes nothing.',
  },
  sharedArray: {
    code: 'P151',
    summary: 'Array shared by two stacks',
    explanation:
      'Two stacks declare slots of one program array. A slot has one owner, and an array, too: a stack that owns it declares all of its slots, and makes a new array without those of others when one of its own changes.',
  },
  sameSlot: {
    code: 'P152',
    summary: 'Slot of two stacks',
    explanation:
      'Two stacks declare the same slot of one program array: each apply puts its own program there. `--warn P152` lets it be, for instance to hand the slot over from one stack to the other.',
  },
  unusedSilence: {
    code: 'P160',
    summary: 'Silence without a warning',
    explanation:
      'A row of `silence:` matches no warning of the plan: what it was for is done, or its code or address is mistyped. Remove it, since it would silence the next warning of that kind unseen.',
  },
  notAsDeclared: {
    code: 'P180',
    summary: 'Not as the objects declare it',
    explanation:
      'An import takes in what runs as it is, so that the next plan is empty. Something differs from what a manifest for these objects would make: another size that no manifest can say, other flags, another object file. Nothing was changed.',
  },
  neededHere: {
    code: 'P171',
    summary: 'Needed by what stays',
    explanation:
      'What leaves a stack (`pinfold forget`) must not be needed by what stays in it: a map by its programs, a program by its links and by the arrays that hold it. Forget those, too, or first apply a manifest without them.',
  },
  notOwned: {
    code: 'P172',
    summary: 'Nothing of the stack',
    explanation:
      '`pinfold forget` takes the addresses of objects that the stack has: `map.flows`, `program.ingress`, `link.eth0`. `pinfold show` lists them. A stack that has lost its record cannot tell what is its own.',
  },
  displaced: {
    code: 'P170',
    summary: 'Pin in the place of another',
    explanation:
      "Somebody removed a pin of the stack and pinned another map or program under its name. The apply puts the stack's own object there again (a map that its programs still use with all its entries, a program by loading it) and removes that pin: pin the object elsewhere first if somebody needs it.",
  },
  unproven: {
    code: 'P199',
    summary: 'The order of steps is not safe',
    explanation:
      'The ledger found a step after which a reachable program array has no holder or misses a slot. This is a defect of pinfold; nothing was changed. Please report the plan.',
  },
}

/** What a diagnostic takes from its code. */
export const named = ({ code, summary }: PlanCode): Pick<PlanCode, 'code' | 'summary'> => ({ code, summary })
