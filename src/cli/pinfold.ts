#!/usr/bin/env node
// The starter: answers --version and --help at once, and loads everything else on demand.
const [first, ...rest] = process.argv.slice(2)

if (first === '--version' && rest.length === 0) {
  const { readVersion } = await import('./version.ts')
  console.log(readVersion())
} else if (first === undefined || ((first === '--help' || first === '-h') && rest.length === 0)) {
  const { renderHelp } = await import('./help.ts')
  process.stdout.write(renderHelp())
  if (first === undefined) process.exitCode = 1
} else {
  const { start } = await import('./start.ts')
  await start()
}
