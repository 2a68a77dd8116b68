import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Hooks are how a test does something at one moment of a real operation: they run between two phases, and the operation waits for them. */
export interface HooksFolder {
  readonly path: string
  readonly set: (hook: string, script: string) => void
  readonly clear: () => void
}

export function hooksFolder(path: string): HooksFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return {
    path,
    set(hook, script) {
      writeFileSync(join(path, hook), `#!/bin/sh\n${script}\n`)
      chmodSync(join(path, hook), 0o700)
    },
    clear() {
      rmSync(path, { recursive: true, force: true })
      mkdirSync(path, { mode: 0o700 })
    },
  }
}
