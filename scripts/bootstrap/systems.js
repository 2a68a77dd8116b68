import { spawnSync } from 'node:child_process'
import { fail, say } from './fail.js'
import { findProgram } from './paths.js'

const APT_LIMIT_MS = 5 * 60_000

/** What each is for, in the words of the sentence that says it is missing. Program and Debian package have the same name. */
const PURPOSE = {
  haproxy: 'HAProxy, the edge that traffic goes through,',
  strace: 'strace, which lets tests kill a process between two system calls,',
}

/** Finds the systems a task needs, or installs Debian's packages where we may. */
export function provideSystems({ systems, required }) {
  for (const name of systems) {
    if (findProgram(name) !== null || install(name)) continue
    const sentence = `${PURPOSE[name]} is missing and may not be installed from here: install it (on Debian: sudo apt-get install ${name}) and start again.`
    if (required) fail(sentence)
    say(`backflip: ${sentence}`)
  }
}

function install(name) {
  const aptGet = findProgram('apt-get')
  if (aptGet === null || process.getuid?.() !== 0) return false
  say(`Installing Debian's ${name} …`)
  const isDone = () => apt(aptGet, ['install', '--yes', '--no-install-recommends', name]) && findProgram(name) !== null
  // A fresh machine or container has no package lists yet.
  return isDone() || (apt(aptGet, ['update']) && isDone())
}

function apt(aptGet, args) {
  const { status } = spawnSync(aptGet, ['-qq', '-o', 'DPkg::Lock::Timeout=60', ...args], {
    stdio: ['ignore', 2, 2],
    timeout: APT_LIMIT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return status === 0
}
