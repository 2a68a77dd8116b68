import { spawnSync } from 'node:child_process'
import { findOnPath } from './find-on-path.ts'

const PROGRAMS = ['incusd', 'incus', 'dnsmasq', 'mkfs.btrfs', 'busybox', 'nsenter', 'unshare', 'setpriv', 'ip', 'tar']

/** Why no bed can be made here, in one line, or null. */
export function whyNoBed(): string | null {
  if (process.platform !== 'linux') return `Incus runs on Linux only, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'a daemon with a network of its own needs root'
  const missing = PROGRAMS.filter((program) => findOnPath(program) === null)
  if (missing.length > 0) return `missing on PATH: ${missing.join(', ')} (npm run incus installs what it can)`
  const { status, stderr } = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], { encoding: 'utf8' })
  return status === 0 ? null : `no namespaces of our own: ${stderr.trim()}`
}
