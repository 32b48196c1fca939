import fc from 'fast-check'

/** One step of the random walk; numbers choose among what there is by then. */
export type Command =
  | { readonly kind: 'create-map'; readonly type: 'array' | 'hash' | 'prog_array' }
  | { readonly kind: 'load'; readonly type: 'cgroup_skb' | 'raw_tracepoint'; readonly maps: readonly number[] }
  | { readonly kind: 'pin'; readonly object: number; readonly path: number }
  | { readonly kind: 'unpin' | 'open-pin' | 'make-directory' | 'remove-directory'; readonly path: number }
  | { readonly kind: 'link' | 'rename' | 'replace' | 'exchange'; readonly from: number; readonly to: number }
  | { readonly kind: 'fill'; readonly array: number; readonly slot: number; readonly value: number }
  | { readonly kind: 'empty'; readonly array: number; readonly slot: number }
  | { readonly kind: 'freeze'; readonly object: number }
  | { readonly kind: 'attach'; readonly program: number; readonly place: 'cgroup' | 'raw' }
  | { readonly kind: 'update'; readonly link: number; readonly program: number; readonly expected: number }
  | { readonly kind: 'close'; readonly object: number }
  | { readonly kind: 'open-id'; readonly object: number }

const index = fc.nat({ max: 11 })
// The first few are the names that everything happens at.
const path = fc.oneof({ weight: 2, arbitrary: index }, { weight: 3, arbitrary: fc.nat({ max: 7 }) })
const slot = fc.nat({ max: 2 })

/** Any step; those that build are likelier than those that remove. */
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('create-map'), type: fc.constantFrom('array', 'hash') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('create-map'), type: fc.constant('prog_array') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('load'),
      type: fc.constantFrom('cgroup_skb', 'cgroup_skb', 'raw_tracepoint'),
      maps: fc.array(index, { maxLength: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pin'), object: index, path }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('unpin', 'open-pin', 'make-directory', 'remove-directory'),
      path,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('link', 'rename', 'replace', 'exchange'), from: path, to: path }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('fill'), array: index, slot, value: index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('empty'), array: index, slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('freeze'), object: index }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('attach'), program: index, place: fc.constantFrom('cgroup', 'raw') }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('update'), link: index, program: index, expected: index }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('close'), object: index }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open-id'), object: index }) },
) as fc.Arbitrary<Command>

/** Sixty steps reach every rule many times over a few hundred walks. */
export const walk: fc.Arbitrary<Command[]> = fc.array(command, { minLength: 10, maxLength: 60, size: 'max' })
