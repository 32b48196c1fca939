// Exit code 0: this process may call bpf(2), tried by making the smallest map there is.
import { openKernel } from '../dist/index.js'

try {
  const kernel = await openKernel('linux')
  const shape = { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 }
  kernel.createMap({ name: 'pinfold_try', shape })
  kernel.close()
} catch {
  process.exitCode = 1
}
