import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail, say } from './fail.js'
import { findProgram, ROOT } from './paths.js'

const LOCKFILE = join(ROOT, 'package-lock.json')
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json')
const STAMP = join(ROOT, 'node_modules', '.backflip-installed')
const INSTALL_LIMIT_MS = 10 * 60_000

/** Installs exactly what the lockfile says, without running anybody's install script; does nothing when that is there already. */
export function installDependencies() {
  const wanted = fingerprint()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  if (!holdsLockfile()) {
    say('Installing the pinned dependencies, Node 24 among them (about 20 seconds, 400 MB; only the first time) …')
    const startedAt = Date.now()
    const { command, args } = npm()
    // Standard output is the task's own: what npm says goes to stderr.
    const { status, error } = spawnSync(command, [...args, 'ci', '--ignore-scripts', '--loglevel=error'], {
      cwd: ROOT,
      stdio: ['ignore', 2, 2],
      timeout: INSTALL_LIMIT_MS,
    })
    if (error !== undefined) fail(`npm could not be run to install the dependencies: ${error.message}.`)
    if (status !== 0) fail('npm could not install the dependencies; what it says above is the reason.')
    say(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`)
  }
  writeFileSync(STAMP, wanted)
}

function fingerprint() {
  return createHash('sha256')
    .update(`${process.platform} ${process.arch} `)
    .update(readFileSync(LOCKFILE))
    .digest('hex')
}

/**
 * Whether node_modules is what the lockfile says although our stamp is not there: somebody typed `npm install`. npm writes its own list
 * last, so an install that was cut short is not believed.
 */
function holdsLockfile() {
  if (!existsSync(INSTALLED)) return false
  const { packages: wanted } = JSON.parse(readFileSync(LOCKFILE, 'utf8'))
  const { packages: installed } = JSON.parse(readFileSync(INSTALLED, 'utf8'))
  return Object.entries(wanted).every(([path, one]) => {
    if (path === '') return true
    const found = installed[path]
    if (found === undefined) return one.optional === true
    return found.version === one.version && found.integrity === one.integrity
  })
}

/** The npm that started us, or the one on PATH. */
function npm() {
  const own = process.env.npm_execpath
  if (own !== undefined && /\.[cm]?js$/.test(own) && existsSync(own)) return { command: process.execPath, args: [own] }
  const found = findProgram('npm')
  if (found === null) fail('npm is needed to install the dependencies, and it is not on PATH.')
  return { command: found, args: [] }
}
