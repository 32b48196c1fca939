import type { Diagnostic } from '../../model/diagnostic.ts'

interface CodeRow {
  readonly summary: string
  readonly explanation: string
}

type ImportCode = 'P181' | 'P182' | 'P183' | 'P184' | 'P185' | 'P186' | 'P187' | 'P188' | 'P189' | 'P190'

/** Every code of an import: its constant phrase, and for docs/errors.md what it means and what to do. */
export const importCodes: Readonly<Record<ImportCode, CodeRow>> = {
  P181: {
    summary: 'Program that no object matches',
    explanation:
      'A program under the given paths has not the code of any program in the given objects: another source, another compiler or version of it, other macros, or an object that was not named with --object. Name the object that it was loaded from, or leave the program out with --except.',
  },
  P182: {
    summary: 'One name for two objects',
    explanation:
      'Two live objects are both what an object file declares under one name, as where a file was loaded twice. Import one of them: name its directory alone, or leave the other out with --except.',
  },
  P183: {
    summary: 'Attached without a link',
    explanation:
      'The program is attached by netlink (`ip link set … xdp`, `bpftool net attach`, a tc filter) or by PROG_ATTACH. It is imported and keeps running, but that attachment cannot become a link, so that an upgrade cannot switch it: the old program stays attached. Detach it and declare it under `links:` when a short gap does no harm.',
  },
  P184: {
    summary: 'Link that cannot be imported',
    explanation:
      'The link stays as it is, with the program that it runs, but it is of a kind that pinfold does not attach, or where it is attached cannot be named. An upgrade does not switch it.',
  },
  P185: {
    summary: 'Pin left out',
    explanation:
      'What is pinned there is used by none of the imported programs and declared by none of the objects. It stays where it is.',
  },
  P186: {
    summary: 'Link without a pin',
    explanation:
      'A link runs an imported program and has no pin: a process holds it, and it would end with that. The import pins it, so that it goes on without that process; that process then has to be stopped, not to attach a second time.',
  },
  P187: {
    summary: 'Nothing to import',
    explanation: 'The path is no pin and no directory of pins, or there is no program, map or link below it.',
  },
  P188: {
    summary: 'Belongs to a stack already',
    explanation:
      'The path lies in the directory of a stack, or of the stack that is to be made: what lies there has an owner. Name another path, or another stack with --name.',
  },
  P189: {
    summary: 'Constants that no manifest can say',
    explanation:
      'A read-only section of a live map differs from that of the object in bytes that belong to no variable, or to one of several of the same name. Name the object file that it was loaded from.',
  },
  P190: {
    summary: 'Variables of an arena elsewhere',
    explanation:
      'From Linux 7.0 on the variables of an arena lie on its last pages. libbpf before 1.7 puts them on its first on every kernel, and the kernel does not tell where they are: only code that was loaded names the place. An upgrade keeps the arena, and its programs would look where the variables are not; so such an arena is not imported, nor one of which this cannot be told.',
  },
}

/** One finding; errors stand in the way of the import. */
export function finding(
  code: ImportCode,
  severity: Diagnostic['severity'],
  text: Pick<Diagnostic, 'detail' | 'hint'>,
): Diagnostic {
  return { severity, code, summary: importCodes[code].summary, ...text }
}
