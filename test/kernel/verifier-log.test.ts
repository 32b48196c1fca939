import { describe, expect, test } from 'vitest'
import { nextLogSize } from '../../src/kernel/load-program.ts'
import { readVerifierLog } from '../../src/kernel/verifier-log.ts'
import { VerifierLog, type VerifierReport } from '../../src/model/verifier.ts'

const log = `0: R1=ctx() R10=fp0
; int entry(struct xdp_md *ctx) @ a.bpf.c:4
0: (b7) r1 = 0                        ; R1_w=0
; return *(int *)0; @ a.bpf.c:6
1: (61) r0 = *(u32 *)(r1 +0)
R1 invalid mem access 'scalar'
verification time 53 usec
stack depth 0
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`

const read = (text: string, missing = 0): VerifierReport | undefined =>
  readVerifierLog(new VerifierLog(Buffer.from(text), missing))

describe('readVerifierLog', () => {
  test('finds the complaint before the statistics, the last source line and the last instruction', () => {
    expect(read(log)).toMatchObject({
      reason: "R1 invalid mem access 'scalar'",
      source: 'return *(int *)0; @ a.bpf.c:6',
      instruction: { index: 1, text: 'r0 = *(u32 *)(r1 +0)' },
      registers: ['R1=0'],
      omitted: { count: 0, unit: 'lines' },
    })
  })

  test('finds the complaint in front of what Linux 7.3 reports of it once more', () => {
    const report = `
Verification failed: Register Type Safety: Invalid dereference

Reason:
  R1 is an integer scalar here, not a pointer to memory.

At:
  entry @ a.bpf.c:6:9
  Source context:
  >>> 6 |         return *(int *)0;
        |                ^-- error: invalid dereference of R1 (an integer scalar)
  Instruction context:
  >>> 1 | (61) r0 = *(u32 *)(r1 +0)

Suggestion:
  Preserve a pointer-valued register where needed, or reload and revalidate the pointer after scalar
  arithmetic, helper calls, or other operations that can invalidate it.

`
    expect(read(log.replace('verification time', `${report}verification time`))).toEqual(read(log))
    expect(read(report)?.reason).toBe('Verification failed: Register Type Safety: Invalid dereference')
  })

  test('tells both lines of a complaint of two', () => {
    const packet = 'invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0)'
    const found = read(`12: (71) r1 = *(u8 *)(r1 +12)\n${packet}\nR1 offset is outside of the packet\n`)
    expect(found?.reason).toBe(`${packet}; R1 offset is outside of the packet`)
  })

  test('finds the complaint in front of the states of a loop', () => {
    const states = 'cur state: R0=1 R10=fp0\nold state: R0=1 R10=fp0\n'
    expect(read(`3: (56) if w1 != 0x0 goto pc-2\ninfinite loop detected at insn 3\n${states}`)?.reason).toBe(
      'infinite loop detected at insn 3',
    )
  })

  test('tells a complaint apart from what it is written behind', () => {
    const jump = '8: (56) if w2 != 0x3 goto pc-5'
    const states = 'cur state: R2=scalar() R10=fp0\nold state: R2=scalar() R10=fp0\n'
    const loop = read(
      `7: (b7) r1 = 0\n${jump} infinite loop detected at insn 4\n${states}processed 24 insns (limit 1000000) max\n`,
    )
    expect(loop).toMatchObject({
      reason: 'infinite loop detected at insn 4',
      instruction: { index: 8, text: 'if w2 != 0x3 goto pc-5' },
      registers: ['R2=scalar()'],
      omitted: { count: 0, unit: 'lines' },
    })
    const tailCall = read(
      '3: (85) call bpf_tail_call#12\nexpected prog array map for tail callprocessed 3 insns (limit 1000000) max\n',
    )
    expect(tailCall).toMatchObject({
      reason: 'expected prog array map for tail call',
      lines: ['3: (85) call bpf_tail_call#12', 'expected prog array map for tail call'],
      omitted: { count: 0, unit: 'lines' },
    })
  })

  test('knows registers of several kernels, whole, and the latest of each', () => {
    const found = read(`0: R1=ctx(id=0,off=0,imm=0) R10=fp0
5: (61) r1 = *(u32 *)(r7 +16)         ; frame1: R1_w=scalar(umax=255,var_off=(0x0; 0xff)) R7=ctx()
from 3 to 6: R1_w=inv(id=0,umax_value=255,var_off=(0x0; 0xff)) R2=pkt(id=0,off=0,r=8,imm=0) R10=fp0
6: (0f) r2 += r1
R2 type=inv expected=fp, R10 or so
`)
    expect(found?.registers).toEqual([
      'R1=inv(id=0,umax_value=255,var_off=(0x0; 0xff))',
      'R2=pkt(id=0,off=0,r=8,imm=0)',
      'R10=fp0',
    ])
  })

  test('says nothing of a register that was given another value since it was told, as older kernels do', () => {
    const old = `9: (b7) r1 = 1
 R0_w=map_value(id=0,off=0,ks=4,vs=8,imm=0) R1_w=inv1 R6_w=ctx(id=0,off=0,imm=0)
11: (61) r1 = *(u32 *)(r6 +0)
12: (0f) r1 += r6
13: (85) call bpf_ktime_get_ns#5
14: (71) r1 = *(u8 *)(r6 +12)
15: (0f) r6 += r1
R0 and R6 are wrong
`
    expect(read(old)?.registers).toEqual(['R6=ctx(id=0,off=0,imm=0)'])
  })

  test('keeps a dozen lines at most, the complaint last, and counts the others', () => {
    const found = read(`${'0: (b7) r1 = 0\n'.repeat(1000)}${log}`)
    expect(found?.lines).toHaveLength(12)
    expect(found?.lines.at(-1)).toBe("R1 invalid mem access 'scalar'")
    expect(found?.omitted).toEqual({ count: 1006 - 12, unit: 'lines' })
  })

  test('tells bytes where the kernel had no room for all of it', () => {
    expect(read(log, 1000)?.omitted).toEqual({ count: 1000, unit: 'bytes' })
  })

  test('finds a source line that is far from the end', () => {
    const far = `; entry(ctx) @ a.bpf.c:4\n; x += 1; @ a.bpf.c:9\n${'0: (07) r1 += 1\n'.repeat(20_000)}too large\n`
    expect(read(far)).toMatchObject({ reason: 'too large', source: 'x += 1; @ a.bpf.c:9' })
  })

  test('has no source line without line information, and nothing in an empty log', () => {
    expect(read('R0 !read_ok\n')).toEqual({
      reason: 'R0 !read_ok',
      registers: [],
      lines: ['R0 !read_ok'],
      omitted: { count: 0, unit: 'lines' },
    })
    expect(read('\nprocessed 0 insns\n')).toBeUndefined()
    expect(read('')).toBeUndefined()
  })
})

describe('nextLogSize', () => {
  test('where the kernel tells the size of all, that is taken if all is wanted', () => {
    expect(nextLogSize(65_536, { trueSize: 100_000, whole: true })).toBe(100_000)
    expect(nextLogSize(65_536, { trueSize: 100_000, whole: false })).toBeUndefined()
  })

  test('where it tells none, the size grows until the end of the log fits', () => {
    expect(nextLogSize(65_536, { trueSize: 0, whole: false })).toBe(4_194_304)
    expect(nextLogSize(2 ** 28, { trueSize: 0, whole: false })).toBe(2 ** 30 - 1)
    expect(nextLogSize(2 ** 30 - 1, { trueSize: 0, whole: true })).toBeUndefined()
  })
})
