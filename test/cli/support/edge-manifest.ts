import { resolve } from 'node:path'

/** The stack of examples/tail-calls on a device (or a variable for one), generic XDP; further lines of the manifest where wanted. */
export const edgeManifest = (device: string, more = ''): string => `version: 1
name: edge
${more}objects: { main: { file: ${resolve('examples/tail-calls/tail-calls.bpf.o')} } }
maps:
  handlers:
    slots:
      0: parse_ipv4
      1: parse_ipv6
programs: { ingress: {}, parse_ipv4: {}, parse_ipv6: {} }
links:
  uplink: { program: ingress, attach: { xdp: { interface: "${device}", mode: generic } } }
`
