import { describe, expect, test } from 'vitest'
import { firstLogSize, nextLogSize, summarizeLog } from '../../src/kernel/verifier-log.ts'

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

describe('summarizeLog', () => {
  test('finds the complaint before the statistics, and the last source line', () => {
    expect(summarizeLog(log)).toMatchObject({
      reason: "R1 invalid mem access 'scalar'",
      source: 'return *(int *)0; @ a.bpf.c:6',
    })
  })

  test('tells both lines of a complaint of two', () => {
    const packet = 'invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0)'
    const found = summarizeLog(`12: (71) r1 = *(u8 *)(r1 +12)\n${packet}\nR1 offset is outside of the packet\n`)
    expect(found?.reason).toBe(`${packet}; R1 offset is outside of the packet`)
  })

  test('keeps a dozen lines at most, the complaint last', () => {
    const lines = summarizeLog(`${'0: (b7) r1 = 0\n'.repeat(1000)}${log}`)?.lines
    expect(lines).toHaveLength(12)
    expect(lines?.at(-1)).toBe("R1 invalid mem access 'scalar'")
  })

  test('has no source line without line information, and nothing in an empty log', () => {
    expect(summarizeLog('R0 !read_ok\n')).toEqual({ reason: 'R0 !read_ok', source: undefined, lines: ['R0 !read_ok'] })
    expect(summarizeLog('\nprocessed 0 insns\n')).toBeUndefined()
  })
})

describe('nextLogSize', () => {
  test('takes the size that the kernel told, or grows eightfold where it tells none', () => {
    expect(nextLogSize(firstLogSize, 100_000)).toBe(100_000)
    expect(nextLogSize(firstLogSize, 0)).toBe(512 * 1024)
  })

  test('ends at 16 MiB', () => {
    expect(nextLogSize(firstLogSize, 2 ** 30)).toBe(16 * 2 ** 20)
    expect(nextLogSize(16 * 2 ** 20, 2 ** 30)).toBeUndefined()
  })
})
