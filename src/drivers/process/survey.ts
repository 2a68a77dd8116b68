import type { Color } from '../../domain/color.ts'
import { type BackflipError, refusal } from '../../domain/errors.ts'
import type { OperationId } from '../../domain/ids.ts'
import { bootId } from '../../lib/proc.ts'
import type { ProcessContext } from './context.ts'
import { lives, type ProcessEntry, scanProcesses } from './process-table.ts'
import { type InstanceRecord, readRecords } from './records.ts'

/** One start of one instance: what is written of it and what runs of it. */
export interface Run {
  readonly name: string
  readonly operation: OperationId
  /** Null when it was started and never written down: its caller died in between. */
  readonly record: InstanceRecord | null
  /** Every process of it: the leader of its group first if it lives, then what it started. */
  readonly processes: readonly ProcessEntry[]
}

export interface ProcessId {
  readonly pid: number
  readonly start: string
}

export function processOf(record: InstanceRecord): ProcessId {
  return { pid: record.pid, start: record.processStart }
}

/** Whether the process that was recorded is the one that has its pid now. */
export function isRunning(record: InstanceRecord): boolean {
  return record.bootId === bootId() && lives(processOf(record))
}

/** All runs of a color, recorded or not. Reads the whole process table: for what changes things, not for `list`. */
export function surveyColor(context: ProcessContext, color: Color, operation?: OperationId): readonly Run[] {
  const { records } = readRecords(context.layout.instances, color)
  const believed = records.filter((record) => record.bootId === bootId())
  const entries = scanProcesses(context.state(), believed.map(processOf))
  const runs = new Map<string, { -readonly [Key in keyof Run]: Run[Key] }>()
  const runOf = (name: string, of: OperationId) => {
    const key = `${name} ${of}`
    const run = runs.get(key) ?? { name, operation: of, record: null, processes: [] }
    runs.set(key, run)
    return run
  }
  for (const record of records) runOf(record.name, record.operation).record = record
  for (const entry of entries) {
    const owner = ownerOf(entry, entries, believed)
    if (owner?.color !== color) continue
    const run = runOf(owner.name, owner.operation)
    run.processes = [...run.processes, entry]
  }
  return [...runs.values()]
    .filter((run) => operation === undefined || run.operation === operation)
    .map((run) => ({ ...run, processes: oldestFirst(run.processes) }))
}

interface Owner {
  readonly name: string
  readonly operation: OperationId
  readonly color: string | undefined
}

/** By its own mark; else by its group's leader: by the record of that, or by its mark. */
function ownerOf(
  entry: ProcessEntry,
  entries: readonly ProcessEntry[],
  believed: readonly InstanceRecord[],
): Owner | null {
  const record = believed.find(({ pid }) => pid === entry.group)
  const mark = entry.mark ?? entries.find(({ pid }) => pid === entry.group)?.mark
  if (mark)
    return {
      name: mark.BACKFLIP_INSTANCE,
      operation: mark.BACKFLIP_OPERATION as OperationId,
      color: mark.BACKFLIP_COLOR,
    }
  return record ?? null
}

function oldestFirst(processes: readonly ProcessEntry[]): readonly ProcessEntry[] {
  return processes.toSorted((a, b) => Number(a.start) - Number(b.start) || a.pid - b.pid)
}

export function colorInUse(color: Color, runs: readonly Run[]): BackflipError {
  return refusal(`${color} is in use by another operation's instances`, {
    code: 'color-in-use',
    details: runs.map(
      ({ name, operation, processes }) =>
        `${name} runs as process ${processes[0]?.pid ?? '?'}, started by ${operation}`,
    ),
    hint: `backflip cleanup --color ${color}`,
  })
}
