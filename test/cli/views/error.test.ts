import { expect, test } from 'vitest'
import { painter } from '../../../src/cli/terminal.ts'
import { errorDocument, renderError } from '../../../src/cli/views/error.ts'
import { type Diagnostic, KernelError, ManifestError, type VerifierReport } from '../../../src/index.ts'
import { VerifierLog } from '../../../src/model/verifier.ts'
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
    '  hint: pinfold explain M104 says more',
    '',
  ])
})

test('what a manifest or an object says moves no cursor, changes no colour and turns no text around', () => {
  const hostile = {
    detail: 'name is "a\u001b[31m\u202eb".\nand \u009b5m',
    hint: '\u0007',
    at: { file: 'a\u001b', line: 1, column: 1 },
  }
  expect(renderError(new ManifestError('cannot load', [{ ...unknownMap, ...hostile }]), plain)).toBe(
    'a\\u001b:1:1: error M104 Unknown map: name is "a\\u001b[31m\\u202eb".\nand \\u009b5m\n  hint: \\u0007\n',
  )
  const silenced = renderError(new ManifestError('', [{ ...unknownMap, silenced: 'a \u001b[5m' }]), plain)
  expect(silenced).toContain('reason: a \\u001b[5m')
  const error = new KernelError('cannot open a\u001b', { code: 'K001', command: 'open', errno: 'ENOENT' })
  expect(renderError(error, plain)).toMatch(/^error K001: cannot open a\\u001b/)
})

const report: VerifierReport = {
  reason: "R1 invalid mem access 'scalar'",
  instruction: { index: 101, text: 'r0 = *(u32 *)(r1 +0)' },
  registers: ['R1=scalar()'],
  source: 'return *p; @ edge.bpf.c:12',
  lines: ['101: (61) r0 = *(u32 *)(r1 +0)', "R1 invalid mem access 'scalar'"],
  omitted: { count: 1204, unit: 'lines' },
}

const refused = (verifier: VerifierReport): string => {
  const fields = { code: 'K100', command: 'BPF_PROG_LOAD', errno: 'EACCES', verifier, hint: 'check the pointer' }
  return renderError(new KernelError('cannot load program.ingress: the verifier rejected it', fields), plain)
}

test("a verifier's refusal shows the last instruction, what it used, and the end of the log with the source line", () => {
  expect(refused(report)).toBe(`error K100: cannot load program.ingress: the verifier rejected it
  at instruction 101: r0 = *(u32 *)(r1 +0), with R1=scalar()
  the end of the verifier's log (1,204 lines omitted; --verifier-log FILE writes all of it):
    ; return *p; @ edge.bpf.c:12
    ...
    101: (61) r0 = *(u32 *)(r1 +0)
    R1 invalid mem access 'scalar'
  hint: check the pointer
`)
})

test('where the place in the source is known, it is shown instead', () => {
  const line = { file: 'edge.bpf.c', number: 12, column: 10, text: 'return *p;' }
  const place = { function: 'parse', line }
  const text = refused({ ...report, place, omitted: { count: 93_400_000, unit: 'bytes' } })
  expect(text.split('\n').slice(1, 5)).toEqual([
    '  at instruction 101: r0 = *(u32 *)(r1 +0), with R1=scalar()',
    '  of edge.bpf.c:12:10: return *p;',
    "  the end of the verifier's log (93 MB omitted; --verifier-log FILE writes all of it):",
    '    101: (61) r0 = *(u32 *)(r1 +0)',
  ])
})

test('a log is no part of a document, what it says is', () => {
  const log = new VerifierLog(Buffer.from('long'))
  const fields = { code: 'K100', command: 'BPF_PROG_LOAD', errno: 'EACCES', verifier: report, log }
  const document = JSON.stringify(errorDocument(new KernelError('cannot load program.ingress: no', fields)))
  expect(JSON.parse(document)).toMatchObject({ code: 'K100', verifier: report })
  expect(JSON.parse(document)).not.toHaveProperty('log')
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
    version: 1,
    code: 'M104',
    message: 'cannot load pinfold.yaml: one mistake',
    diagnostics: [unknownMap],
  })
})
