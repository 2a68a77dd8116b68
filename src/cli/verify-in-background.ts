import { spawn } from 'node:child_process'
import { closeSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../operations/environment.ts'

const MAX_LOG_BYTES = 1024 * 1024

/**
 * After a deploy its snapshot is proved by a process of its own, which outlives this command: `snapshots verify`, with its output in the state folder.
 * Nobody waits for it, `status` says how it ended, and where one is under way already a second ends at once. A deploy that went well is told as such
 * also when it cannot be started.
 */
export function verifyInBackground({ config, settings, data }: Environment): void {
  const [node, program] = process.argv
  if (data.length === 0 || !settings.snapshots.verify || node === undefined || program === undefined) return
  const file = join(settings.stateFolder, 'snapshots-verify.log')
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const log = openSync(file, size > MAX_LOG_BYTES ? 'w' : 'a', 0o600)
  try {
    const args = [program, 'snapshots', 'verify', '--env', settings.name, '--config', config.file]
    const child = spawn(node, args, { detached: true, stdio: ['ignore', log, log] })
    child.on('error', () => undefined)
    child.unref()
  } finally {
    closeSync(log)
  }
}
