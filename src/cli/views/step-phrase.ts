import { nameFor, type Operation, phraseOf } from '../../index.ts'

/** What a step does, for lists of steps: the public phrase but where that one is worded for error messages. */
export function stepPhrase(operation: Operation): string {
  switch (operation.kind) {
    case 'await-unused':
      return `see that nothing uses ${nameFor(operation.target)} any more`
    case 'remove-directory':
      return operation.path === '' ? "remove the stack's directory" : phraseOf(operation)
    default:
      return phraseOf(operation)
  }
}
