import type { Address } from '../model/address.ts'
import type { Diagnostic, Position } from '../model/diagnostic.ts'

/**
 * Every code of a manifest's own mistakes, in the order in which they are found: its constant phrase, and for
 * docs/errors.md what it means and what to do.
 */
export const manifestCodes = {
  M001: {
    summary: 'Invalid YAML',
    explanation:
      'The text is not YAML 1.2. Indent with spaces, close quotes and brackets, and quote variables inside { } and [ ].',
  },
  M002: {
    summary: 'Duplicate key',
    explanation:
      'A mapping holds one key twice, perhaps only after variables are filled in. Two owners of one pin look like this: remove or rename one.',
  },
  M003: {
    summary: 'Several documents',
    explanation: 'A manifest is one YAML document: one stack. Put the others into files of their own.',
  },
  M004: {
    summary: 'Manifest too large',
    explanation: 'The text, or what its aliases expand to, is beyond what a manifest can sensibly hold.',
  },
  M005: {
    summary: 'Bad alias',
    explanation:
      'An alias (*name) has no anchor (&name) before it, stands for something that contains it, or a merge key (<<) has no mapping.',
  },
  M006: {
    summary: 'Unset variable',
    explanation:
      'Give it by --var, --var-file or PINFOLD_VAR_NAME, or write a default: under vars:, or ${NAME:-default}.',
  },
  M007: {
    summary: 'Malformed variable',
    explanation:
      'A variable is ${NAME} or ${NAME:-default}; $${ stands for the characters ${. Defaults under vars: hold no variables.',
  },
  M008: {
    summary: 'Unused variable',
    explanation: 'A variable given by --var is neither used nor declared in the manifest, so it is probably mistyped.',
  },
  M009: {
    summary: 'Unreadable file',
    explanation: 'The manifest, or a file of variables, cannot be read or is not UTF-8 text.',
  },
  M010: {
    summary: 'Unknown key',
    explanation: 'The manifest has no such key at this place. docs/manifest.md lists them all.',
  },
  M011: {
    summary: 'Wrong type',
    explanation: 'The value is of another type than this key takes, e.g. a number where text is wanted: quote it.',
  },
  M012: { summary: 'Missing key', explanation: 'A key that this mapping cannot do without is absent.' },
  M013: { summary: 'Value not allowed', explanation: 'The key takes one of a few values, and this is none of them.' },
  M014: { summary: 'Number out of range', explanation: 'The number is below or above what the key takes.' },
  M015: { summary: 'Malformed text', explanation: 'The text does not have the form that the key takes.' },
  M016: {
    summary: 'Bad name',
    explanation: 'Stacks, maps, programs and links are names on bpffs: at most 255 bytes, no dot and no slash.',
  },
  M017: {
    summary: 'Wrong number of keys',
    explanation: 'The mapping must hold one of several keys; an attach: exactly one hook.',
  },
  M018: {
    summary: 'No object',
    explanation: 'Programs come from object files; the manifest declares none under objects:.',
  },
  M019: {
    summary: 'Bad mapping key',
    explanation:
      'A key of a mapping must be text or a number. For entries with other keys write a list of key and value.',
  },
  M020: {
    summary: 'Unknown program',
    explanation:
      'A link or a slot names a program that is not declared under programs:. Declare it there, if only as name: {}.',
  },
  M021: { summary: 'Unknown object', explanation: 'object: names an object file that is not declared under objects:.' },
  M022: {
    summary: 'Two owners of one pin',
    explanation:
      'Two maps of the manifest stand for the same pin, or a map of someone else is pinned in the stack’s own tree.',
  },
  M023: {
    summary: 'Keys exclude each other',
    explanation:
      'Of a foreign map (pinned:) nothing is changed but declared slots, so nothing but object: and slots: goes with it; and a map holds slots, entries or inner maps, one of them.',
  },
  M024: { summary: 'Bad slot index', explanation: 'An index is an integer from 0 to one below the number of entries.' },
  M025: {
    summary: 'Offload is not supported',
    explanation:
      'A program for the network card is loaded for one device and cannot share its maps, so pinfold cannot plan it. Use native or generic.',
  },
  M026: {
    summary: 'Two links on one hook',
    explanation: 'An interface takes one XDP link. Let one program call the others by tail calls.',
  },
  M027: { summary: 'Wrong kind', explanation: 'The reference names another kind of object than this place takes.' },
  M028: {
    summary: 'Bad move',
    explanation:
      'A row of moved: gives one object a new address of the same kind. What it moves from is not declared any more, what it moves to is, and neither stands in two rows.',
  },
  M243: {
    summary: 'Code that cannot be silenced',
    explanation:
      '`silence:` accepts warnings of plans; docs/lint.md lists them. Errors cannot be silenced, and neither can what is no code.',
  },
  M244: {
    summary: 'Silence without a reason',
    explanation: 'Whoever reviews a plan reads why a warning is accepted: a few words that say it.',
  },
} as const

export type ManifestCode = keyof typeof manifestCodes

export interface Complaint {
  readonly detail: string
  readonly hint?: string | undefined
  readonly at?: Position | undefined
  readonly address?: Address | undefined
}

/** Builds the diagnostic of a code; its summary comes from the table. */
export function complaint(code: ManifestCode, { detail, hint, at, address }: Complaint): Diagnostic {
  return {
    severity: 'error',
    code,
    summary: manifestCodes[code].summary,
    detail,
    ...(hint === undefined ? {} : { hint }),
    ...(address === undefined ? {} : { address }),
    ...(at === undefined ? {} : { at }),
  }
}
