#!/usr/bin/env node
// Plain JavaScript of 2020, so that an older Node says one sentence instead of a syntax error. CommonJS (package.json beside it), because
// loading Node's ESM loader costs a third of Node's own start.
'use strict'

const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const { delimiter, dirname, join } = require('node:path')

const NEEDED = [24, 15]
const root = dirname(__dirname)
const COMPILED = join(root, 'dist', 'compiled')
/** Verbs with a bundle of their own (scripts/build.ts): what is read at a start is what it costs. */
const HOT = ['rollback', 'status']

function isEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number)
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
}

/** Another Node on this machine that is new enough: the one installed beside us first, then PATH. */
function findNode(spawnSync) {
  const modules = join(root, 'node_modules')
  // npm 9 (Debian 12) does not link the packaged one into `.bin`.
  const own = [join(modules, '.bin'), join(modules, `node-${process.platform}-${process.arch}`, 'bin')]
  const folders = [...own, ...(process.env.PATH || '').split(delimiter)]
  for (const folder of folders) {
    const file = join(folder, 'node')
    if (!existsSync(file)) continue
    const asked = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 5000 })
    if (asked.status === 0 && isEnough(asked.stdout.trim())) return file
  }
  return null
}

function run() {
  const { version } = require('../package.json')
  // A checkout runs its sources, so that nobody tries yesterday's build; the package has none and runs what was built.
  if (existsSync(join(root, 'src', 'cli', 'entry.ts')))
    return import('../src/cli/entry.ts').then((entry) => entry.runProcess(version))
  const verb = process.argv[2]
  if (HOT.includes(verb)) return loadBuilt('hot.cjs', verb).runProcess(version)
  require('node:module').enableCompileCache(COMPILED)
  return loadBuilt('cli.cjs', /^[a-z-]{1,20}$/.test(verb || '') ? verb : 'other').runProcess(version)
}

/**
 * The bundle, with what V8 compiled the last time this verb went well: also the functions that are compiled when first called, which Node's own
 * compile cache leaves out (docs/decisions/0006-start-up.md). It lies beside the bundle: whoever can write there can change the bundle too.
 */
function loadBuilt(name, verb) {
  const { Script } = require('node:vm')
  const file = join(root, 'dist', name)
  const cache = join(COMPILED, `${verb}-${process.version}-${process.arch}`)
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`
  const script = new Script(wrapped, { filename: file, cachedData })
  if (cachedData === undefined || script.cachedDataRejected) process.on('exit', (code) => keep(script, code, cache))
  const module = { exports: {} }
  script.runInThisContext()(module.exports, require('node:module').createRequire(file), module, file, dirname(file))
  return module.exports
}

function keep(script, code, cache) {
  if (code !== 0) return
  const temporary = `${cache}.${process.pid}`
  try {
    mkdirSync(COMPILED, { recursive: true })
    writeFileSync(temporary, script.createCachedData())
    renameSync(temporary, cache)
  } catch (error) {
    // Somebody else's installation, or no room: the next start compiles again.
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(error.code)) throw error
  }
}

function runWithAnotherNode() {
  const { spawnSync } = require('node:child_process')
  const node = findNode(spawnSync)
  if (node === null) {
    console.error(
      `backflip needs Node ${NEEDED.join('.')} or newer, and this is ${process.versions.node}: install Node 24 and put it on PATH.`,
    )
    process.exit(2)
  }
  const ended = spawnSync(node, [__filename, ...process.argv.slice(2)], { stdio: 'inherit' })
  const { signals } = require('node:os').constants
  process.exit(ended.signal ? 128 + (signals[ended.signal] || 0) : ended.status === null ? 1 : ended.status)
}

if (isEnough(process.versions.node)) run()
else runWithAnotherNode()
