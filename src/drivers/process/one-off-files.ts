import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OperationId } from '../../domain/ids.ts'
import type { EnvironmentValue } from '../../domain/release.ts'

/** Where one one-off leaves its traces. The runner is told these paths and invents none. */
export interface OneOffFiles {
  /** Written once, by the runner that won, before the command starts: who runs it. */
  readonly claim: string
  /** Written once, at the end. */
  readonly outcome: string
  readonly log: string
  /** Beginning of the names of unpacked folders: each attempt has its own, because two may come at once. */
  readonly folders: string
}

export interface Claim {
  readonly pid: number
  readonly start: string
  readonly bootId: string
  /** As it was asked for, secrets as references: what to redact in the log. */
  readonly environment: { readonly [name: string]: EnvironmentValue }
}

export interface Outcome {
  /** 128 and the signal's number when a signal ended it, 124 when the time was over, 126 or 127 when it could not be executed. */
  readonly exitCode: number
  readonly endedAt: string
}

/** What the runner gets on its standard input. Secrets are in `variables`: on no command line and in no file. */
export interface RunnerAsk {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly variables: { readonly [name: string]: string }
  readonly timeoutMs: number
  readonly killAfterMs: number
  readonly files: OneOffFiles
  readonly environment: Claim['environment']
  /** A path in the generation's folder: gone when somebody else took over, and then nothing is run. */
  readonly temporary: string
}

export function oneOffFiles(folder: string, name: string, operation: OperationId): OneOffFiles {
  const base = join(folder, `${operation}.${name}`)
  return { claim: `${base}.claim.json`, outcome: `${base}.json`, log: `${base}.log`, folders: `${base}.files-` }
}

/** Null when there is none, or it is damaged: then nobody knows. */
export function readTrace<T extends Claim | Outcome>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
