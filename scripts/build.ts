import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

/**
 * The published program: one CommonJS file for everything that a flip needs, and beside it what only a changed configuration needs (the YAML
 * parser and the validator, two thirds of the bytes). One file and not many, CommonJS and not ESM: each was measured, and Node's start is the
 * denominator (docs/decisions/0006-start-up.md).
 */
const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  // `import()` becomes `require`: Node's loader of ES modules costs milliseconds, and for node:sqlite alone it would be loaded.
  supported: { 'dynamic-import': false },
  minify: true,
  // Errors are told by their names.
  keepNames: true,
  define: { 'import.meta.url': '__moduleUrl' },
  banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  // One byte a character: half the work for V8, and the shim reads it as that.
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
}

/** The parser stays a file of its own, loaded when a configuration was never seen before. */
const parserApart: Plugin = {
  name: 'parser-apart',
  setup(builder) {
    builder.onResolve({ filter: /\/parse\.ts$/ }, ({ path, importer }) =>
      path === './parse.ts' && importer.endsWith('src/config/load.ts')
        ? { path: './parse-config.cjs', external: true }
        : undefined,
    )
  },
}

/** Only help and mistakes need it. */
const commanderApart: Plugin = {
  name: 'commander-apart',
  setup(builder) {
    builder.onResolve({ filter: /^commander$/ }, () => ({ path: './commander.cjs', external: true }))
  },
}

/** Only commands in a container of Incus need it. */
const websocketsApart: Plugin = {
  name: 'websockets-apart',
  setup(builder) {
    builder.onResolve({ filter: /^ws$/ }, () => ({ path: './ws.cjs', external: true }))
  },
}

/** What needs PostgreSQL's grammar: a file of its own each, for those who ask for it. */
const WITH_GRAMMAR = ['lint', 'plan-migration', 'backfill'] as const

const grammarApart: Plugin = {
  name: 'grammar-apart',
  setup(builder) {
    builder.onResolve({ filter: /^\.\.\/[\w-]+\.ts$/ }, ({ path, importer }) => {
      const name = WITH_GRAMMAR.find((one) => path === `../${one}.ts`)
      return name !== undefined && importer.endsWith('src/cli/commands/migrations.ts')
        ? { path: `./${name}.cjs`, external: true }
        : undefined
    })
  },
}

/** commander loads it at its own start, for commands that are programs of their own; we have none, and it costs a tenth of Node's start. */
const childProcessLater: Plugin = {
  name: 'child-process-later',
  setup(builder) {
    builder.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes('/commander/') ? { path: 'child-process', namespace: 'later' } : undefined,
    )
    builder.onLoad({ filter: /.*/, namespace: 'later' }, () => ({
      contents: "module.exports = { get spawn() { return require('node:child_process').spawn } }",
      resolveDir: root,
    }))
  },
}

await rm(dist, { recursive: true, force: true })
await Promise.all([
  build({
    ...common,
    entryPoints: ['src/cli/entry.ts'],
    outfile: join(dist, 'cli.cjs'),
    plugins: [parserApart, grammarApart, commanderApart, websocketsApart],
  }),
  build({
    ...common,
    entryPoints: ['commander'],
    outfile: join(dist, 'commander.cjs'),
    plugins: [childProcessLater],
  }),
  build({ ...common, entryPoints: ['ws'], outfile: join(dist, 'ws.cjs') }),
  ...WITH_GRAMMAR.map((name) =>
    build({ ...common, entryPoints: [`src/cli/${name}.ts`], outfile: join(dist, `${name}.cjs`) }),
  ),
  build({ ...common, entryPoints: ['src/config/parse.ts'], outfile: join(dist, 'parse-config.cjs') }),
  build({ ...common, entryPoints: ['src/drivers/process/one-off.ts'], outfile: join(dist, 'one-off.cjs') }),
])
// Beside the bundle, where libpg-query looks for it.
copyFileSync(join(root, 'node_modules/libpg-query/wasm/libpg-query.wasm'), join(dist, 'libpg-query.wasm'))
// What is bundled keeps its licence.
const licences = ['commander', 'libpg-query', 'pgsql-deparser', 'ws', 'yaml', 'zod'].map((name) => {
  const text = readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8')
  return `${name}\n${'='.repeat(name.length)}\n\n${text.trim()}\n`
})
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licences.join('\n\n'))
console.error(`built ${dist}`)
