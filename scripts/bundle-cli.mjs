// Bundles the command line into one directory: pinfold.js, the starter, and commands.js, all the rest, for which
// cache-cli.mjs makes V8's cache. A start of 100 separate modules would cost half as much again as starting Node. The
// directory must lie two below the package, since the sources look for package.json and the addon there.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Sources have no effects when they are merely imported, so what is not used stays out of the bundle. */
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
 * Lets the command line import from the modules behind src/index.ts: whoever imports the index starts all modules that
 * any command uses, and not only its own.
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

/** Node's libraries that few commands come to use, and that take a millisecond or two each: loaded at the first call. */
const lateLibraries = {
  name: 'late-libraries',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:(net|crypto|child_process|tty|v8|zlib)$/ }, ({ path, namespace }) =>
      namespace === 'late' ? undefined : { path, namespace: 'late', sideEffects: false },
    )
    onLoad({ filter: /.*/, namespace: 'late' }, async ({ path }) => {
      const { default: _, constants, ...exports } = await import(path)
      const functions = Object.keys(exports).filter((name) => typeof exports[name] === 'function')
      const lines = functions.map((name) => `export const ${name} = (...words) => require('${path}').${name}(...words)`)
      return { contents: [`export const constants = ${JSON.stringify(constants ?? {})}`, ...lines].join('\n') }
    })
  },
}

/**
 * Two lines that the shell reads, and that are a comment and a string to JavaScript. Node reads all certificates of
 * `NODE_EXTRA_CA_CERTS` at every start, 30 ms for Debian's: as long as the rest of a plan, and pinfold asks no server. And it takes back
 * that SIGHUP is ignored: the 33rd field of /proc/self/stat is the signals that are, whose first bit is that one's (0.1 ms).
 */
const fields = `${'_ '.repeat(32)}pinfold_ignored _`
const hangUp = `{ read -r ${fields} </proc/self/stat; } 2>/dev/null; case $pinfold_ignored in *[13579]) export PINFOLD_IGNORES=SIGHUP; esac`
const launcher = `#!/usr/bin/env sh
':' //; unset NODE_EXTRA_CA_CERTS; ${hangUp}; exec node "$0" "$@"`

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
  mkdirSync(directory)
  writeFileSync(join(directory, 'pinfold.js'), `${launcher}\n${(await bundle('pinfold')).text}`)
  // A script that is one function, for vm.Script: Node would compile a module without the cache.
  const wrapper = { before: '(function (exports, require, module, __filename, __dirname) {', after: '})' }
  const commands = await bundle('start', wrapper)
  writeFileSync(join(directory, 'commands.js'), commands.text)
  writeFileSync(join(directory, 'commands.js.map'), commands.map)
  writeFileSync(join(directory, 'package.json'), '{ "type": "commonjs" }\n')
  chmodSync(join(directory, 'pinfold.js'), 0o755)
}

/**
 * One source and all that it needs. As CommonJS, which Node starts sooner than modules: those need a loader of their own and
 * a facade for each of Node's own libraries. What is imported on demand starts on demand. Short names are a tenth of a small
 * apply: V8 looks each one up when it reads its cache. The map tells where they come from (src/cli/original-stack.ts).
 */
async function bundle(name, { before = '', after = '' } = {}) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`src/cli/${name}.ts`],
    outdir: root,
    sourcemap: 'external',
    sourcesContent: false,
    write: false,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': false },
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'warning',
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: true,
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: `${before}const moduleUrl = require('node:url').pathToFileURL(__filename).href;` },
    footer: { js: after },
    // The same code as modules: unlike the CommonJS for Node, what is not used of it stays away (40 ms become 15).
    alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
    plugins: [pureSources, pastTheIndex, lateLibraries],
  })
  const [map, code] = outputFiles
  return { text: code.text, map: map.text }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleCli(resolve(process.argv[2]))
