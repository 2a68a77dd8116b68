#!/usr/bin/env node
// Plain JavaScript of 2020, so that an older Node says one sentence instead of a syntax error.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NEEDED = [24, 15]
const root = dirname(dirname(fileURLToPath(import.meta.url)))

function isEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number)
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
}

/** Another Node on this machine that is new enough: the one installed beside us first, then PATH. */
function findNode() {
  const folders = [join(root, 'node_modules', '.bin'), ...(process.env.PATH || '').split(delimiter)]
  for (const folder of folders) {
    const file = join(folder, 'node')
    if (!existsSync(file)) continue
    const asked = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 5000 })
    if (asked.status === 0 && isEnough(asked.stdout.trim())) return file
  }
  return null
}

if (isEnough(process.versions.node)) {
  if (nodeModule.enableCompileCache) nodeModule.enableCompileCache()
  const built = join(root, 'dist', 'cli.js')
  const entry = existsSync(built) ? built : join(root, 'src', 'cli', 'entry.ts')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { runProcess } = await import(pathToFileURL(entry).href)
  await runProcess(version)
} else {
  const node = findNode()
  if (node === null) {
    console.error(
      `backflip needs Node ${NEEDED.join('.')} or newer, and this is ${process.versions.node}: install Node 24 and put it on PATH.`,
    )
    process.exit(2)
  }
  const ended = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exit(ended.signal ? 128 + (constants.signals[ended.signal] || 0) : (ended.status ?? 1))
}
