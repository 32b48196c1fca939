import { expect, test } from 'vitest'
import { painter } from '../../../src/cli/terminal.ts'
import { errorDocument, renderError } from '../../../src/cli/views/error.ts'
import { type Diagnostic, KernelError, ManifestError } from '../../../src/index.ts'
import { plain } from './samples.ts'

const unknownMap: Diagnostic = {
  severity: 'error',
  code: 'M104',
  summary: 'Unknown map',
  detail: 'program.ingress uses map "flosw", which the manifest does not declare.',
  hint: 'did you mean flows?',
  at: { file: 'pinfold.yaml', line: 12, column: 7 },
}

test('a diagnostic is one sentence with its position, the hint below', () => {
  expect(renderError(new ManifestError('cannot load pinfold.yaml: one mistake', [unknownMap]), plain)).toBe(
    `pinfold.yaml:12:7: error M104 Unknown map: program.ingress uses map "flosw", which the manifest does not declare.
  hint: did you mean flows?
`,
  )
})

test('all complaints are shown; one without a hint says where to read on', () => {
  const { hint: _, at: __, ...bare } = unknownMap
  const text = renderError(new ManifestError('cannot load', [unknownMap, { ...bare, address: 'map.flosw' }]), plain)
  expect(text.split('\n').slice(2)).toEqual([
    'map.flosw: error M104 Unknown map: program.ingress uses map "flosw", which the manifest does not declare.',
    '  hint: docs/errors.md says more about M104',
    '',
  ])
})

test("a verifier's refusal shows the end of its log with the source line, without statistics", () => {
  const filler = Array.from({ length: 100 }, (_, i) => `${i}: (b7) r1 = 0`)
  const log = ['; return *p; @ edge.bpf.c:12', ...filler, "R1 invalid mem access 'scalar'", 'processed 101 insns'].join(
    '\n',
  )
  const fields = { code: 'K100', command: 'BPF_PROG_LOAD', errno: 'EACCES', log, hint: 'check the pointer' }
  const text = renderError(new KernelError('cannot load program.ingress: the verifier rejected it', fields), plain)
  const lines = text.split('\n')
  expect(lines.slice(0, 4)).toEqual([
    'error K100: cannot load program.ingress: the verifier rejected it',
    "  the end of the verifier's log (--verifier-log FILE writes all of it):",
    '    ; return *p; @ edge.bpf.c:12',
    '    ...',
  ])
  expect(lines.slice(-3)).toEqual(["    R1 invalid mem access 'scalar'", '  hint: check the pointer', ''])
  expect(lines.length).toBeLessThan(20)
})

test('a defect shows its message but no stack', () => {
  expect(renderError(new TypeError('x is not a function'), plain)).toBe(
    'error C100: x is not a function\n  hint: this is a defect of pinfold; PINFOLD_DEBUG=1 shows where it is\n',
  )
})

test('with colour, severity and hint stand out', () => {
  const text = renderError(new ManifestError('cannot load', [unknownMap]), painter(true))
  expect(text).toContain('\u001b[31merror M104\u001b[39m Unknown map')
  expect(text).toContain('\u001b[36mhint:\u001b[39m did you mean')
})

test('as a document it holds the code, the sentence and every diagnostic', () => {
  expect(errorDocument(new ManifestError('cannot load pinfold.yaml: one mistake', [unknownMap]))).toEqual({
    type: 'error',
    code: 'M104',
    message: 'cannot load pinfold.yaml: one mistake',
    diagnostics: [unknownMap],
  })
})
