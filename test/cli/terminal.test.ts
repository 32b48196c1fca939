import { afterEach, expect, test } from 'vitest'
import { processTerminal } from '../../src/cli/terminal.ts'

const stdout = Object.getOwnPropertyDescriptor(process, 'stdout') ?? {}
afterEach(() => void Object.defineProperty(process, 'stdout', stdout))

test('what is written to no terminal goes out in order, and waits for nothing but the end of the work', async () => {
  const written: string[] = []
  const write = (text: unknown): boolean => written.push(String(text)) > 0
  Object.defineProperty(process, 'stdout', { configurable: true, value: { write } })
  const listeners = process.listenerCount('exit')
  const terminal = processTerminal()
  const lines = Array.from({ length: 40 }, (_, index) => `${index}: ${'x'.repeat(5000)}\n`)
  for (const line of lines) terminal.write(line)
  // However much goes out meanwhile: Node warns of more than ten.
  expect(process.listenerCount('exit')).toBeLessThanOrEqual(listeners + 1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(written.join('')).toBe(lines.join(''))
  expect(written.length).toBeLessThan(lines.length)
  expect(process.listenerCount('exit')).toBe(listeners)
})
