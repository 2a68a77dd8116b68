import { posix } from 'node:path'
import type { IncusRuntimeConfig } from '../../../config/types.ts'
import type { OperationId } from '../../../domain/ids.ts'

/**
 * Where everything of a release lies in its container. Every path carries the operation, so that a late writer's words to a container that was made
 * anew under the same name meet no such folder.
 */
export interface InnerPaths {
  readonly base: string
  readonly release: string
  readonly environment: string
  /** Apart from the plain values, so that a log's reader knows what to hide. */
  readonly secrets: string
  readonly log: string
  /** How the service ended last: `<result> <exited|killed|dumped> <code or signal>`. */
  readonly exit: string
  /** One-offs: a folder made right before the command; of two that make it one succeeds. */
  readonly claim: string
  /** One-offs: when the container that was told to run it had been started. */
  readonly begun: string
  /** `script`: the supervised service runs while it is there. */
  readonly go: string
  readonly pid: string
  readonly stop: string
  readonly unit: string
}

export function innerPaths({ folder }: Pick<IncusRuntimeConfig, 'folder'>, operation: OperationId): InnerPaths {
  const base = posix.join(folder, operation)
  const at = (name: string) => posix.join(base, name)
  return {
    base,
    release: at('release'),
    environment: at('environment'),
    secrets: at('secrets'),
    log: at('log'),
    exit: at('exit'),
    claim: at('claimed'),
    begun: at('begun'),
    go: at('go'),
    pid: at('pid'),
    stop: at('stop'),
    unit: `backflip-${operation}.service`,
  }
}

export const RC_SCRIPT = '/etc/rc.d/backflip'

/** A command with a slash is a file of the release; one without is looked up in PATH there. */
export function innerCommand({ release }: InnerPaths, [command = '', ...rest]: readonly string[]): readonly string[] {
  return [command.includes('/') ? posix.resolve(release, command) : command, ...rest]
}

export interface ExitNote {
  /** systemd's `$SERVICE_RESULT`: `success`, `exit-code`, `signal`, `timeout` … */
  readonly result: string
  /** Exit code, or `SIG…`. */
  readonly exit: string
}

/** Null for a note that was not written to its end. */
export function parseExitNote(text: string): ExitNote | null {
  const [, result, how, status] = /^(\S+) (exited|killed|dumped) (\S+)\n$/.exec(text) ?? []
  if (result === undefined || status === undefined) return null
  return { result, exit: how === 'exited' ? status : `SIG${status.replace(/^SIG/, '')}` }
}
