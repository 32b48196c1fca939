import { describe, expect, test } from 'vitest'
import { noSandbox, Sandbox } from './sandbox.ts'

const manifest = ['-f', 'examples/tail-calls/pinfold.yaml', '--var', 'IFACE=near']

describe.skipIf(noSandbox() !== undefined)('a stack whose interface was removed', () => {
  test('is refused without one; with a new one of the same name its link is drift, and attached anew', async () => {
    using sandbox = await Sandbox.create()
    const makeInterface = () => expect(sandbox.shell('ip link add near type veth peer name far').status).toBe(0)
    makeInterface()
    expect(sandbox.pinfold('apply', '--auto-approve', ...manifest).status).toBe(0)
    const [before] = sandbox.show('edge').links
    sandbox.shell('ip link del near')
    expect(sandbox.pinfold('plan', ...manifest)).toMatchObject({ status: 1, stderr: expect.stringContaining('near') })

    makeInterface()
    const plan = sandbox.pinfold('plan', ...manifest)
    expect(plan.status).toBe(3)
    expect(plan.stdout).toMatch(/link +uplink +drift: what it was attached to is gone: attached anew/)
    expect(sandbox.pinfold('apply', '--auto-approve', ...manifest).status).toBe(0)
    expect(sandbox.pinfold('plan', ...manifest).status).toBe(0)
    const [after] = sandbox.show('edge').links
    expect(after?.id).not.toBe(before?.id)
    expect(sandbox.shell('ip -d link show near').stdout).toMatch(/prog\/xdp/)
    expect(sandbox.pinfold('destroy', '--auto-approve', ...manifest).status).toBe(0)
  })
})
