// Bundles the command line into one directory: pinfold.js, the starter, and chunks that it loads on demand. A start of 100
// separate modules would cost half as much again as starting Node. The directory must lie two below the package, since the
// sources look for package.json and the addon there.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'

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

/**
 * Lets the command line import from the modules behind src/index.ts. esbuild cuts chunks by whole files: whoever imports the
 * index gets all that any command uses (plan: 1.3 times the start of Node instead of 1.1).
 */
const pastTheIndex = {
  name: 'past-the-index',
  setup({ onLoad }) {
    const homes = readExports(join(root, 'src/index.ts'))
    onLoad({ filter: /\/src\/cli\/.*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(indexImport, (_, names) => {
        const from = (name) => relative(dirname(path), homeOf(homes, name))
        return valuesIn(names)
          .map((name) => `import { ${name} } from '${from(name)}'`)
          .join('; ')
      }),
      loader: 'ts',
    }))
  },
}

const indexImport = /^import \{([^}]+)\} from '(?:\.\.\/)+index\.ts'$/gm
const indexExport = /^export \{([^}]+)\} from '([^']+)'$/gm

/** Which module each value of the index comes from. */
function readExports(index) {
  const rows = readFileSync(index, 'utf8').matchAll(indexExport)
  return new Map([...rows].flatMap(([, names, from]) => valuesIn(names).map((name) => [name, join(index, '..', from)])))
}

function homeOf(homes, name) {
  const home = homes.get(name)
  if (!home) throw new Error(`cannot bundle the command line: src/index.ts exports no value ${name}`)
  return home
}

const valuesIn = (names) =>
  names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))

/** Writes the bundle into a directory, in place of what was there. */
export async function bundleCli(directory) {
  rmSync(directory, { recursive: true, force: true })
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/pinfold.ts'],
    outdir: directory,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    define: { 'import.meta.url': 'moduleUrl' },
    // The same code as modules: unlike the CommonJS for Node, what is not used of it stays away (40 ms become 15).
    alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
    plugins: [pureSources, pastTheIndex],
  })
  mkdirSync(directory)
  for (const { path, text } of outputFiles) writeFileSync(path, await toCommonJs(text))
  writeFileSync(join(directory, 'package.json'), '{ "type": "commonjs" }\n')
  chmodSync(join(directory, 'pinfold.js'), 0o755)
}

/**
 * Node starts CommonJS sooner than modules: it reads each file at once, and needs neither the loader of modules nor a facade for
 * each of its own libraries. esbuild cuts chunks of modules only.
 */
async function toCommonJs(text) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': false },
    charset: 'utf8',
    minifySyntax: true,
    minifyWhitespace: true,
    banner: text.includes('moduleUrl') ? "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" : '',
  })
  return code
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleCli(resolve(process.argv[2]))
