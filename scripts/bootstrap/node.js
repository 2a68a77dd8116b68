import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fail } from './fail.js'
import { isExecutable, NODE_FOLDER } from './paths.js'

/** The floor of package.json's `engines`: node:sqlite without a warning, zstd, type stripping. */
const FLOOR = [24, 15]

/** A Node that runs our TypeScript: the machine's own, or the pinned one that tools/node-runtime brings. */
export function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath
  const pinned = join(NODE_FOLDER, 'node')
  if (isExecutable(pinned)) {
    const { stdout } = spawnSync(pinned, ['--version'], { encoding: 'utf8', timeout: 10_000 })
    if (isNewEnough((stdout ?? '').trim().replace(/^v/, ''))) return pinned
  }
  const floor = FLOOR.join('.')
  return fail(
    `Node ${floor} or later is needed; this is ${process.versions.node}, and no packaged one is known for ${process.platform} on ${process.arch}. Install it from nodejs.org.`,
  )
}

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])
}
