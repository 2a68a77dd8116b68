import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Color, isColor } from '../../domain/color.ts'
import type { ComponentName, OperationId, Sha } from '../../domain/ids.ts'
import type { EnvironmentValue } from '../../domain/release.ts'

/** One instance as it was started: enough to stop it, to judge its pid, and to start it again. Secrets stand in it as references only. */
export interface InstanceRecord {
  readonly version: 1
  readonly name: string
  readonly component: ComponentName
  readonly color: Color
  readonly sha: Sha
  readonly operation: OperationId
  /** Of the lease it was started under. */
  readonly generation: number
  readonly argv: readonly string[]
  readonly cwd: string
  readonly host: string
  readonly port: number
  readonly stopTimeoutMs: number
  readonly environment: { readonly [name: string]: EnvironmentValue }
  readonly pid: number
  /** Start time of the process in clock ticks since boot, and the boot: without both a pid is not believed. */
  readonly processStart: string
  readonly bootId: string
  /** ISO 8601, UTC; null when it was found running and nobody wrote down since when. */
  readonly startedAt: string | null
  /** Its end, when we saw it: exit code or signal, null when that could not be seen. */
  readonly stopped: { readonly at: string; readonly exit: string | null } | null
}

const SUFFIX = '.json'
const MAX_RECORD_BYTES = 256 * 1024

export interface FoundRecords {
  readonly records: readonly InstanceRecord[]
  /** Names of instances whose record says nothing: their processes are found by their mark. */
  readonly unreadable: readonly string[]
}

/** Synchronous on purpose: a handful of small files on the hot path of `status`, where a turn of the thread pool costs more than the read. */
export function readRecords(folder: string, color?: Color): FoundRecords {
  const names = listOrNothing(folder).filter((file) => file.endsWith(SUFFIX))
  const found = names.sort().map((file) => [file.slice(0, -SUFFIX.length), readRecord(join(folder, file))] as const)
  return {
    records: found.flatMap(([name, record]) =>
      record !== null && record.name === name && (color === undefined || record.color === color) ? [record] : [],
    ),
    unreadable: found.flatMap(([name, record]) => (record === null || record.name !== name ? [name] : [])),
  }
}

/** Null when there is none or it is damaged. */
export function readRecord(path: string): InstanceRecord | null {
  try {
    const text = readFileSync(path, 'utf8')
    if (text.length > MAX_RECORD_BYTES) return null
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function listOrNothing(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** What decides about signals and paths is checked field by field: one damaged record must not stop `status` or a rollback. */
function isRecord(value: unknown): value is InstanceRecord {
  if (typeof value !== 'object' || value === null) return false
  const {
    version,
    name,
    component,
    color,
    sha,
    operation,
    argv,
    cwd,
    host,
    port,
    pid,
    processStart,
    bootId,
    environment,
    stopTimeoutMs,
    startedAt,
    stopped,
  } = value as Record<string, unknown>
  const texts = [name, component, sha, operation, cwd, host, processStart, bootId]
  return (
    version === 1 &&
    texts.every((text) => typeof text === 'string' && text !== '') &&
    isColor(color) &&
    Array.isArray(argv) &&
    argv.length > 0 &&
    argv.every((part) => typeof part === 'string') &&
    Number.isInteger(port) &&
    Number.isInteger(pid) &&
    // 0 would be our own process group, 1 and below every process there is: kill(2).
    (pid as number) > 1 &&
    typeof stopTimeoutMs === 'number' &&
    typeof environment === 'object' &&
    environment !== null &&
    (startedAt === null || typeof startedAt === 'string') &&
    (stopped === null || typeof stopped === 'object')
  )
}
