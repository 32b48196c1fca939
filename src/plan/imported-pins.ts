import type { PinnedObject } from '../model/outer-pin.ts'
import type { CurrentState } from '../model/state.ts'

/** A pin elsewhere of an object that an import takes in. */
export interface ImportedPin {
  /** Absolute. */
  readonly path: string
  readonly object: PinnedObject
}

/** The pins at which an import found its objects: of those of a stack all paths are relative. */
export function importedPins({ resources }: Pick<CurrentState, 'resources'>): readonly ImportedPin[] {
  return [...resources.values()].flatMap(({ kind, live }) =>
    (live?.pins ?? [])
      .filter((path) => path.startsWith('/'))
      .map((path) => ({ path, object: { kind, id: live?.id ?? 0 } })),
  )
}
