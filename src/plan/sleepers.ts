import { nameOf } from '../model/address.ts'
import type { LoadAttributes } from '../model/program-spec.ts'
import type { StackRecord } from '../model/record.ts'
import type { Tree, TreePin } from '../model/state.ts'

const BPF_F_SLEEPABLE = 1 << 4
/** Milliseconds. */
const defaultDrain = 1000

/** True for a program that may still be running, asleep, after an RCU grace period. */
export const isSleepable = (load: LoadAttributes | undefined): boolean => ((load?.flags ?? 0) & BPF_F_SLEEPABLE) !== 0

/** Milliseconds that are waited for the sleepable programs of a generation. */
export const drainOf = (record: StackRecord | undefined): number => record?.drain ?? defaultDrain

/** The programs of a tree that may sleep; none where no record tells. */
export const sleepersIn = ({ pins, record }: Tree): (TreePin & { readonly kind: 'program' })[] =>
  pins.filter((pin) => pin.kind === 'program').filter((pin) => isSleepable(record?.programs[nameOf(pin.address)]?.load))
