import { expect, test } from 'vitest'
import { type Report, renderReport, renderSummary } from '../../../src/cli/views/verify.ts'
import { plain } from './samples.ts'

const program = { type: 'xdp', attachType: 'xdp', instructions: 1204, ms: 12.4 } as const
const report: Report = {
  file: 'edge.bpf.o',
  judgements: [
    {
      ...program,
      address: 'program.ingress',
      result: 'accepted',
      tag: '614b434cd8324ecc',
      verifiedInstructions: 70_003,
      jitedSize: 842,
    },
    {
      ...program,
      address: 'program.on_exec',
      type: 'tracepoint',
      result: 'refused',
      problem: { code: 'K100', message: 'cannot load program.on_exec: the verifier rejected it', hint: 'look' },
    },
  ],
  refused: [],
  problems: [],
  diagnostics: [],
}

test('a report is a table of the programs, and what is wrong below', () => {
  expect(renderReport(report, plain)).toBe(`edge.bpf.o
  program  type        attach type  tag               instructions  verified  jited   time
  ingress  xdp         xdp          614b434cd8324ecc         1,204    70,003  842 B  12 ms
  on_exec  tracepoint  xdp          refused                  1,204                   12 ms
error K100: cannot load program.on_exec: the verifier rejected it
  hint: look

`)
})

test('the last line counts', () => {
  const ending = { ms: 1234, identity: { kind: 'linux', release: '6.18.44' }, paint: plain } as never
  expect(renderSummary([report], ending)).toBe('Refused: 1 of 2 programs; kernel 6.18, 1.2 s.\n')
  const accepted = { ...report, judgements: report.judgements.slice(0, 1) }
  expect(renderSummary([accepted], ending)).toBe('Accepted: 1 program, kernel 6.18, 1.2 s.\n')
  expect(renderSummary([accepted, { ...accepted, error: new Error() }], ending)).toBe(
    'Refused: 0 of 2 programs, and 1 file could not be used; kernel 6.18, 1.2 s.\n',
  )
})
