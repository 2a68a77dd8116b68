import { spawnSync } from 'node:child_process'
import { findProgram } from './paths.js'

const APT_LIMIT_MS = 10 * 60_000
/** Somebody else's apt may hold the lock for as long as an installation takes. */
const LOCK_WAIT_SECONDS = 300

/** Whether packages may be installed from here: Debian or its like, and root. */
export function mayInstall() {
  return findProgram('apt-get') !== null && process.getuid?.() === 0
}

export function aptUpdate() {
  return apt(['update'])
}

/** `release`: the suite to prefer, for packages that the plain one does not have. */
export function aptInstall(packages, release = null) {
  const suite = release === null ? [] : ['--target-release', release]
  return apt(['install', '--yes', '--no-install-recommends', ...suite, ...packages])
}

/** Whether the package lists have the package at all. */
export function isOffered(name) {
  const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8', timeout: 30_000 })
  return /^ {2}Candidate: (?!\(none\))/m.test(stdout ?? '')
}

function apt(args) {
  const options = ['-qq', '-o', `DPkg::Lock::Timeout=${LOCK_WAIT_SECONDS}`, '-o', 'Dpkg::Use-Pty=0']
  const { status } = spawnSync('apt-get', [...options, ...args], {
    stdio: ['ignore', 2, 2],
    timeout: APT_LIMIT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return status === 0
}
