// Bundles the command line into one directory: pinfold.js, the starter, and chunks that it loads on demand. A start of 100
// separate modules would cost half as much again as starting Node. The directory must lie two below the package, since the
// sources look for package.json and the addon there.
import { chmodSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Sources have no effects when they are merely imported, so what a command does not use stays out of its chunk. */
const pureSources = {
  name: 'pure-sources',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path),
      sideEffects: false,
    }))
  },
}

/** Writes the bundle into a directory, in place of what was there. */
export async function bundleCli(directory) {
  rmSync(directory, { recursive: true, force: true })
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/pinfold.ts'],
    outdir: directory,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    // Packages in CommonJS, such as yaml, ask for Node's own modules by require.
    banner: {
      js: "import { createRequire as bundledRequire } from 'node:module'; const require = bundledRequire(import.meta.url);",
    },
    plugins: [pureSources],
  })
  chmodSync(join(directory, 'pinfold.js'), 0o755)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleCli(resolve(process.argv[2]))
