import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Color } from '../../../domain/color.ts'
import type { ComponentName } from '../../../domain/ids.ts'
import { writeFileAtomic } from '../../../lib/atomic-file.ts'
import { ensurePrivateFolder } from '../../../lib/safe-folder.ts'
import type { RuntimeContext } from './context.ts'
import { innerPaths } from './files-in-container.ts'
import type { Owned } from './labels.ts'
import { tailOf } from './tail.ts'

const FILE = /^(?<color>blue|green)\.(?<component>[a-z0-9-]+)\.(?<nth>\d+)\.(?<operation>[0-9a-f-]{36})\.log$/
const KEPT_LINES = 10_000
const KEPT_OPERATIONS = 5

/** A log outlives its container here, on this host, secrets redacted already: forensics begin after the removal. */
export async function keepLog(context: RuntimeContext, { instance, labels }: Owned): Promise<void> {
  const { color, component, nth, operation } = labels
  if (color === null) return
  const lines = await tailOf(context, instance.name, innerPaths(context.config, operation), KEPT_LINES)
  if (lines.length === 0) return
  const folder = folderOf(context)
  ensurePrivateFolder(context.stateFolder)
  ensurePrivateFolder(folder)
  await writeFileAtomic(join(folder, `${color}.${component}.${nth}.${operation}.log`), `${lines.join('\n')}\n`)
}

/** Of the newest operation that left one. */
export function keptLines(
  context: Pick<RuntimeContext, 'stateFolder'>,
  color: Color,
  component: ComponentName,
  lines: number,
): readonly string[] {
  const own = keptLogs(context).filter((log) => log.color === color && log.component === component)
  const newest = own
    .map(({ operation }) => operation)
    .sort()
    .at(-1)
  const logs = own.filter(({ operation }) => operation === newest).sort((a, b) => a.nth - b.nth)
  const share = Math.floor(lines / Math.max(1, logs.length))
  return logs.flatMap(({ nth, path }) => {
    const tail = share === 0 ? [] : readFileSync(path, 'utf8').replace(/\n$/, '').split('\n').slice(-share)
    return tail.map((line) => (logs.length > 1 ? `${component}-${color}-${nth} | ${line}` : line))
  })
}

/** Keeps the logs of the newest operations of each color. Names sort by time: UUIDs of version 7. */
export function pruneLogs(context: Pick<RuntimeContext, 'stateFolder'>): void {
  const logs = keptLogs(context)
  for (const color of ['blue', 'green'] as const) {
    const own = logs.filter((log) => log.color === color)
    const kept = new Set([...new Set(own.map(({ operation }) => operation))].sort().slice(-KEPT_OPERATIONS))
    for (const { operation, path } of own) if (!kept.has(operation)) rmSync(path, { force: true })
  }
}

function folderOf({ stateFolder }: Pick<RuntimeContext, 'stateFolder'>): string {
  return join(stateFolder, 'incus-logs')
}

function keptLogs(context: Pick<RuntimeContext, 'stateFolder'>) {
  const folder = folderOf(context)
  return namesIn(folder).flatMap((file) => {
    const { color, component, nth, operation } = FILE.exec(file)?.groups ?? {}
    if (color === undefined || component === undefined || operation === undefined) return []
    return [{ color, component, nth: Number(nth), operation, path: join(folder, file) }]
  })
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
