import { readdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Color } from '../../domain/color.ts'
import type { ComponentName, OperationId } from '../../domain/ids.ts'
import type { EnvironmentValue } from '../../domain/release.ts'
import { redactor } from '../../lib/redactor.ts'
import { knownSecrets } from '../../lib/secrets.ts'
import { addedLines } from './added-lines.ts'
import { instanceName } from './addresses.ts'
import type { ProcessContext } from './context.ts'
import { readRecord } from './records.ts'
import { KEPT_LOG_BYTES, olderPart } from './trim-logs.ts'

const LOG = /^(?<name>.+)\.(?<operation>[0-9a-f-]{36})\.log$/
const MAX_LINES = 10_000
const KEPT_OPERATIONS = 5
const FOLLOW_PAUSE_MS = 100

interface LogFile {
  readonly name: string
  readonly operation: OperationId
  readonly path: string
}

/** The newest operation's logs of a component on a color, one an instance; also when the instances are gone. */
function logsOf(context: ProcessContext, color: Color, component: ComponentName): readonly LogFile[] {
  const first = instanceName(context.app, context.environment, component, color, 1)
  const own = allLogs(context).filter(
    ({ name }) => name === first || (name.startsWith(`${first}-`) && /^\d+$/.test(name.slice(first.length + 1))),
  )
  const newest = own
    .map(({ operation }) => operation)
    .sort()
    .at(-1)
  // By number: the tenth instance comes after the ninth.
  return own
    .filter(({ operation }) => operation === newest)
    .sort((a, b) => a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
}

/** With more than one instance each line says whose it is, and each instance gets its share of the lines. */
export async function lastLines(
  context: ProcessContext,
  { color, component, lines }: { readonly color: Color; readonly component: ComponentName; readonly lines: number },
): Promise<readonly string[]> {
  const logs = logsOf(context, color, component)
  const share = Math.floor(Math.min(Math.max(0, lines), MAX_LINES) / Math.max(1, logs.length))
  const tails = await Promise.all(
    logs.map(async (log) =>
      (await tailOf(context, log.path, environmentOf(context, log), share)).map(labelled(log, logs)),
    ),
  )
  return tails.flat()
}

/** Lines as they come, also of an instance that starts meanwhile. What was there before is not repeated. */
export async function* followLines(
  context: ProcessContext,
  {
    color,
    component,
    signal,
  }: { readonly color: Color; readonly component: ComponentName; readonly signal: AbortSignal },
): AsyncIterable<string> {
  const followed = new Map<string, { readonly read: () => Promise<readonly string[]> }>()
  for (let first = true; !signal.aborted; first = false) {
    const logs = logsOf(context, color, component)
    for (const log of logs) {
      const one = followed.get(log.path) ?? (await addedLines(log.path, first ? 'end' : 'beginning'))
      followed.set(log.path, one)
      const added = await one.read()
      if (added.length === 0) continue
      const redact = redactor(await knownSecrets(environmentOf(context, log), context.ours))
      for (const line of added) yield labelled(log, logs)(redact(line))
    }
    try {
      await context.clock.sleep(FOLLOW_PAUSE_MS, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

/** The last lines of one log, secrets redacted by value. Of a longer log only the end is read. */
export async function tailOf(
  context: ProcessContext,
  path: string,
  environment: { readonly [name: string]: EnvironmentValue },
  lines: number,
): Promise<readonly string[]> {
  const text = await readEndWithOlder(path)
  if (text === '' || lines <= 0) return []
  const redact = redactor(await knownSecrets(environment, context.ours))
  return redact(text).replace(/\n$/, '').split('\n').slice(-lines)
}

/** Over the cut of a log that was trimmed. */
async function readEndWithOlder(path: string): Promise<string> {
  const text = await readEnd(path)
  return Buffer.byteLength(text) >= KEPT_LOG_BYTES ? text : (await readEnd(olderPart(path))) + text
}

async function readEnd(path: string): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const from = Math.max(0, size - KEPT_LOG_BYTES)
      const buffer = Buffer.alloc(size - from)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, from)
      const text = buffer.toString('utf8', 0, bytesRead)
      // The first line of a piece is a piece itself, and half a secret would not be recognised.
      return from === 0 ? text : text.slice(text.indexOf('\n') + 1)
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** As recorded now, or as it was when the instance was removed. */
function environmentOf(
  { layout }: ProcessContext,
  { name, operation }: LogFile,
): { readonly [name: string]: EnvironmentValue } {
  const current = readRecord(layout.record(name))
  const record = current?.operation === operation ? current : readRecord(layout.archived(name, operation))
  return record?.environment ?? {}
}

function labelled({ name }: LogFile, logs: readonly LogFile[]): (line: string) => string {
  return (line) => (logs.length > 1 ? `${name} | ${line}` : line)
}

/** Keeps the logs of the newest operations of each color, and of everything that still has a record. Names sort by time: UUIDs of version 7. */
export function pruneLogs(context: ProcessContext): void {
  const logs = allLogs(context)
  for (const color of ['blue', 'green'] as const) {
    const own = logs.filter(({ name }) => new RegExp(`-${color}(-\\d+)?$`).test(name))
    const kept = new Set([...new Set(own.map(({ operation }) => operation))].sort().slice(-KEPT_OPERATIONS))
    for (const { name, operation, path } of own) {
      if (kept.has(operation) || readRecord(context.layout.record(name))?.operation === operation) continue
      for (const part of [path, olderPart(path)]) rmSync(part, { force: true })
      rmSync(context.layout.archived(name, operation), { force: true })
    }
  }
}

function allLogs({ layout }: ProcessContext): readonly LogFile[] {
  let files: readonly string[]
  try {
    files = readdirSync(layout.logs)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return files.flatMap((file) => {
    const { name, operation } = LOG.exec(file)?.groups ?? {}
    return name === undefined || operation === undefined
      ? []
      : [{ name, operation: operation as OperationId, path: join(layout.logs, file) }]
  })
}
