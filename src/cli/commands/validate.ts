import { openMemoryMachine } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { readBtfFile } from '../read-btf-file.ts'
import { readManifest, wish } from '../read-manifest.ts'
import { paintOf, say } from '../say.ts'
import type { Terminal } from '../terminal.ts'
import { renderValid, validDocument } from '../views/validate.ts'

/**
 * Checks a manifest and its objects without privileges: interfaces, cgroups and foreign pins are not looked up: every
 * name exists in an empty kernel in memory, and a foreign map is taken to be what the object declares.
 */
export function validate({ options }: Invocation, terminal: Terminal): ExitCode {
  const loaded = readManifest(options, terminal)
  using kernel = ownKernel()
  const btf = readBtfFile(options)
  const desired = wish(loaded, { kernel: kernel.kernel, bpffs: '/sys/fs/bpf', btf, trustsForeign: true })
  const speaker = { options, terminal }
  say(speaker, validDocument(loaded.file, desired), renderValid(loaded.file, desired, paintOf(speaker)))
  return exitCodes.success
}

function ownKernel(): Disposable & { readonly kernel: ReturnType<ReturnType<typeof openMemoryMachine>['open']> } {
  const kernel = openMemoryMachine().open()
  return { kernel, [Symbol.dispose]: () => kernel.close() }
}
