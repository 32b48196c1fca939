import { type LoadedManifest, type ParseOptions, parseManifest } from '../../src/manifest/load.ts'
import type { Diagnostic } from '../../src/model/diagnostic.ts'

/** Parses a manifest that must be valid. */
export function valid(text: string, options: Partial<ParseOptions> = {}): LoadedManifest {
  const result = parseManifest(text, { file: 'pinfold.yaml', ...options })
  if (result.kind === 'invalid') throw new Error(result.diagnostics.map(brief).join('\n'))
  return result.loaded
}

/** The complaints about a manifest, none where it is valid. */
export function complaints(text: string, options: Partial<ParseOptions> = {}): readonly Diagnostic[] {
  const result = parseManifest(text, { file: 'pinfold.yaml', ...options })
  return result.kind === 'invalid' ? result.diagnostics : []
}

/** `M010 3:1`, as tests compare it. */
export const brief = ({ code, at }: Diagnostic): string => `${code} ${at?.line}:${at?.column}`

/** The shortest valid manifest, and what the test is about. */
export const minimal = (rest = ''): string => `version: 1\nname: edge\n${rest}`

/** A manifest with an object and two programs; what the test is about begins in line 5. */
export const edge = (rest = ''): string =>
  minimal(`objects: { main: { file: edge.bpf.o } }\nprograms: { ingress: {}, egress: {} }\n${rest}`)
