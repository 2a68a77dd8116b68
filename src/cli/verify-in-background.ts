import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../operations/environment.ts'

/**
 * After a deploy its snapshot is proved by a process of its own, which outlives this command: `snapshots verify`, with its output in the state folder.
 * Nobody waits for it, and `status` says how it ended.
 */
export function verifyInBackground({ config, settings, data }: Environment): void {
  const [node, program] = process.argv
  if (data.length === 0 || !settings.snapshots.verify || node === undefined || program === undefined) return
  const log = openSync(join(settings.stateFolder, 'snapshots-verify.log'), 'a', 0o600)
  try {
    const args = [program, 'snapshots', 'verify', '--env', settings.name, '--config', config.file]
    spawn(node, args, { detached: true, stdio: ['ignore', log, log] }).unref()
  } finally {
    closeSync(log)
  }
}
