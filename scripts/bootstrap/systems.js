import { aptInstall, aptUpdate, isOffered, mayInstall } from './apt.js'
import { provideBackports } from './backports.js'
import { fail, say } from './fail.js'
import { findProgram } from './paths.js'

/**
 * What each system is for, in the words of the sentence that says it is missing; the programs that show that it is there, and Debian's packages
 * that bring them. `newer`: packages that Debian 12 has in its backports only.
 */
const SYSTEMS = {
  haproxy: {
    purpose: 'HAProxy, the edge that traffic goes through,',
    programs: ['haproxy'],
    packages: ['haproxy'],
    newer: [],
  },
  strace: {
    purpose: 'strace, which lets tests kill a process between two system calls,',
    programs: ['strace'],
    packages: ['strace'],
    newer: [],
  },
  postgres: {
    purpose: 'PostgreSQL with its own tools, and pgBackRest,',
    programs: ['postgres', 'initdb', 'psql', 'pg_amcheck', 'pg_waldump', 'pg_checksums', 'pgbackrest'],
    packages: ['postgresql', 'pgbackrest'],
    newer: [],
  },
  faults: {
    purpose: 'what lets tests set a clock, cut the power of a disk and take out a cable',
    programs: ['faketime', 'mkfs.ext4', 'dumpe2fs', 'ip', 'ss', 'mount', 'findmnt', 'unshare', 'prlimit'],
    packages: ['faketime', 'e2fsprogs', 'iproute2', 'mount', 'util-linux'],
    newer: [],
  },
  incus: {
    purpose: 'Incus, and what makes its bridge, its pool and its images,',
    programs: ['incusd', 'incus', 'dnsmasq', 'mkfs.btrfs', 'busybox', 'mmdebstrap', 'nft', 'ip', 'nsenter', 'socat'],
    packages: [
      'dnsmasq-base',
      'btrfs-progs',
      'busybox-static',
      'mmdebstrap',
      'nftables',
      'iproute2',
      'util-linux',
      'socat',
    ],
    newer: ['incus-base', 'incus-client'],
  },
}

/** Finds the systems a task needs, or installs Debian's packages where we may. */
export function provideSystems({ systems, required }) {
  for (const name of systems) {
    const system = SYSTEMS[name]
    if (isThere(system) || (mayInstall() && install(name, system))) continue
    const packages = [...system.packages, ...system.newer].join(' ')
    const sentence = `${system.purpose} is missing and may not be installed from here: install it (on Debian: sudo apt-get install ${packages}) and start again.`
    if (required) fail(sentence)
    say(`backflip: ${sentence}`)
  }
}

function isThere({ programs }) {
  return programs.every((program) => findProgram(program) !== null)
}

function install(name, system) {
  say(`Installing Debian's ${name} …`)
  const isDone = () => aptInstall(system.packages) && installNewer(system.newer) && isThere(system)
  // A fresh machine or container has no package lists yet.
  return isDone() || (aptUpdate() && isDone())
}

function installNewer(packages) {
  if (packages.length === 0) return true
  const isPlain = packages.every(isOffered)
  const suite = isPlain ? null : provideBackports()
  return (isPlain || suite !== null) && aptInstall(packages, suite)
}
