import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

const directory = resolve('build/conformance/embedded')
const peers = 'libbpf-tools'

/** Paths of the objects in the programs of Debian's libbpf-tools, which nobody here wrote; none where that is not installed. */
export function embeddedObjects(): readonly string[] {
  mkdirSync(directory, { recursive: true })
  return programs().flatMap((program) =>
    objectsIn(readFileSync(program)).map((object, index) => {
      const path = join(directory, `${basename(program)}${index === 0 ? '' : index}.bpf.o`)
      writeFileSync(path, object)
      return path
    }),
  )
}

function programs(): readonly string[] {
  try {
    const listed = execFileSync('dpkg', ['-L', peers], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return listed.split('\n').filter((path) => /\/s?bin\/./.test(path) && lstatSync(path).isFile())
  } catch {
    return []
  }
}

const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
const machine = 247
const headerSize = 64

/** ELF files for BPF within another file; each ends with its section headers. */
function objectsIn(bytes: Buffer): readonly Buffer[] {
  const found: Buffer[] = []
  for (let at = bytes.indexOf(magic, 1); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    if (at + headerSize > bytes.length || bytes.readUInt16LE(at + 18) !== machine) continue
    const size = Number(bytes.readBigUInt64LE(at + 40)) + bytes.readUInt16LE(at + 60) * headerSize
    found.push(bytes.subarray(at, at + size))
  }
  return found
}
