import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

/**
 * The published program: one CommonJS file, and beside it what only some commands load. Few files and not many, CommonJS and not ESM: each was
 * measured, and Node's start is the denominator (docs/decisions/0006-start-up.md).
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

interface Apart {
  /** Who loads it, late. */
  readonly from: string
  readonly as: string
  readonly entry: string
  readonly file: string
}

/** What only some commands load stays a file of its own, so that every start reads less: two thirds of the bytes are the first two. */
const PARSER: Apart = {
  from: 'src/config/load.ts',
  as: './parse.ts',
  entry: 'src/config/parse.ts',
  file: 'parse-config.cjs',
}
/** What needs PostgreSQL's grammar: a file of its own each, for those who ask for it. */
const WITH_GRAMMAR = ['lint', 'check-migrations', 'usage', 'plan-migration', 'backfill'].map(
  (name): Apart => ({
    from: 'src/cli/commands/migrations.ts',
    as: `../${name}.ts`,
    entry: `src/cli/${name}.ts`,
    file: `${name}.cjs`,
  }),
)
/** Whatever judges a release's migrations, with the grammar and the rules: no flip does, and a deploy does where there are migrations. */
const JUDGE = ['deploy', 'rollback', 'target-verdict', 'run-plan', 'publish'].map(
  (importer): Apart => ({
    from: `src/operations/${importer}.ts`,
    as: './migrations/apart.ts',
    entry: 'src/operations/migrations/apart.ts',
    file: 'judge.cjs',
  }),
)
const ofCompose = (as: string, file: string): Apart => ({
  from: 'src/compose.ts',
  as: `./drivers/${as}`,
  entry: `src/drivers/${as}`,
  file,
})
/** A real PostgreSQL to try migrations on, with its protocol; what listens in on a test suite; Incus, with the databases that live in its containers. */
const DRIVERS = [
  ofCompose('shadow/shadow.ts', 'shadow.cjs'),
  ofCompose('recording/proxy.ts', 'recording.cjs'),
  ofCompose('incus/apart.ts', 'incus.cjs'),
]
/** Starting and stopping instances: a flip does neither. */
const CHANGES: Apart = {
  from: 'src/drivers/process/runtime.ts',
  as: './changes.ts',
  entry: 'src/drivers/process/changes.ts',
  file: 'changes.cjs',
}
/** Help, and the words for mistakes: the whole program has them. */
const PROGRAM: Apart = { from: 'src/cli/main.ts', as: './program.ts', entry: '', file: 'cli.cjs' }
/** Only help and mistakes need the first, only commands in a container of Incus the second. */
const PACKAGES_APART = ['commander', 'ws']

function apart(parts: readonly Apart[]): Plugin {
  return {
    name: 'apart',
    setup(builder) {
      builder.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
        const part = parts.find(({ from, as }) => path === as && importer === join(root, from))
        return part === undefined ? undefined : { path: `./${part.file}`, external: true }
      })
      builder.onResolve({ filter: new RegExp(`^(${PACKAGES_APART.join('|')})$`) }, ({ path }) => ({
        path: `./${path}.cjs`,
        external: true,
      }))
    },
  }
}

/** The verbs that people wait for at three in the morning, in a bundle without the others (docs/decisions/0006-start-up.md). `bin/backflip.js` knows them. */
const hotVerbs: Plugin = {
  name: 'hot-verbs',
  setup(builder) {
    builder.onResolve({ filter: /\/commands\/index\.ts$/ }, () => ({ path: 'hot-commands', namespace: 'hot' }))
    builder.onLoad({ filter: /.*/, namespace: 'hot' }, () => ({
      contents: `import { rollback } from './src/cli/commands/rollback.ts'
import { status } from './src/cli/commands/status.ts'
export const COMMANDS = [rollback, status]`,
      resolveDir: root,
    }))
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

const one = (entry: string, file: string, plugins: Plugin[] = []) =>
  // The linter's errors are told as they are; names for its many closures cost a tenth of its start.
  build({ ...common, keepNames: entry !== 'src/cli/lint.ts', entryPoints: [entry], outfile: join(dist, file), plugins })

await rm(dist, { recursive: true, force: true })
await Promise.all([
  one('src/cli/entry.ts', 'cli.cjs', [apart([PARSER, ...DRIVERS, ...WITH_GRAMMAR, ...JUDGE])]),
  one('src/cli/entry.ts', 'hot.cjs', [hotVerbs, apart([PARSER, ...DRIVERS, PROGRAM, CHANGES, ...JUDGE])]),
  ...[PARSER, ...WITH_GRAMMAR, CHANGES].map(({ entry, file }) => one(entry, file, [apart(DRIVERS)])),
  ...DRIVERS.map(({ entry, file }) => one(entry, file, [apart([])])),
  one('src/operations/migrations/apart.ts', 'judge.cjs'),
  one('commander', 'commander.cjs', [childProcessLater]),
  one('ws', 'ws.cjs'),
  one('src/drivers/process/one-off.ts', 'one-off.cjs'),
  one('src/drivers/shadow/pglite-worker.ts', 'pglite-worker.cjs'),
])
// Beside the bundle, where libpg-query looks for it.
copyFileSync(join(root, 'node_modules/libpg-query/wasm/libpg-query.wasm'), join(dist, 'libpg-query.wasm'))
// What is bundled keeps its licence.
const PG = ['pg', 'pg-connection-string', 'pg-int8', 'pg-pool', 'pg-protocol', 'pg-types', 'pgpass', 'postgres-array']
const PG_TYPES = ['postgres-bytea', 'postgres-date', 'postgres-interval', 'split2', 'xtend']
const BUNDLED = ['commander', 'libpg-query', ...PG, 'pgsql-deparser', ...PG_TYPES, 'ws', 'yaml', 'zod']
const licences = BUNDLED.map((name) => {
  const folder = join(root, 'node_modules', name)
  const file = readdirSync(folder).find((one) => /^licen[cs]e(\.md)?$/i.test(one))
  // Two of them name their licence in package.json alone.
  const { license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly license: string }
  const text = file === undefined ? license : readFileSync(join(folder, file), 'utf8')
  return `${name}\n${'='.repeat(name.length)}\n\n${text.trim()}\n`
})
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licences.join('\n\n'))
console.error(`built ${dist}`)
