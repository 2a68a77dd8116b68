import { type Color, isColor } from '../../domain/color.ts'
import type { ComponentName, OperationId, Sha } from '../../domain/ids.ts'
import { processBeganMs } from '../../lib/proc.ts'
import type { Instance } from '../../ports/runtime.ts'
import { LOOPBACK } from './addresses.ts'
import type { ProcessContext } from './context.ts'
import { scanProcesses } from './process-table.ts'
import { type InstanceRecord, readRecords } from './records.ts'
import { isRunning } from './survey.ts'

/** What is recorded, each judged by one look at its process. The process table is read only when a record is damaged. */
export function listInstances(context: ProcessContext): readonly Instance[] {
  const { records, unreadable } = readRecords(context.layout.instances)
  const found = records.map((record) => instanceOf(record))
  return unreadable.length === 0 ? found : [...found, ...unrecorded(context, unreadable)]
}

export function instanceOf(record: InstanceRecord): Instance {
  const { name, component, color, sha, operation, host, port, startedAt, stopped } = record
  const running = isRunning(record)
  return {
    name,
    component,
    color,
    sha,
    operation,
    address: { name, host, port },
    state: running ? 'running' : 'stopped',
    since: running ? startedAt : (stopped?.at ?? null),
    beganMs: running ? processBeganMs(record.processStart) : null,
    exit: running ? null : (stopped?.exit ?? null),
  }
}

/** A damaged record does not hide what runs: the process itself says whose it is. */
function unrecorded(context: ProcessContext, names: readonly string[]): readonly Instance[] {
  const leaders = scanProcesses(context.state()).filter(({ pid, group }) => pid === group)
  return names.flatMap((name): Instance[] => {
    const { mark, start } = leaders.find((one) => one.mark?.BACKFLIP_INSTANCE === name) ?? {}
    if (!mark || start === undefined || !isColor(mark.BACKFLIP_COLOR)) return []
    return [
      {
        name,
        component: componentOf(context, name, mark.BACKFLIP_COLOR),
        color: mark.BACKFLIP_COLOR,
        state: 'running',
        sha: mark.BACKFLIP_SHA as Sha,
        operation: mark.BACKFLIP_OPERATION as OperationId,
        address: { name, host: LOOPBACK, port: Number(mark.PORT) },
        since: null,
        beganMs: processBeganMs(start),
        exit: null,
      },
    ]
  })
}

/** `<app>-<env>-<component>-<color>[-<n>]` backwards. */
function componentOf({ app, environment }: ProcessContext, name: string, color: Color): ComponentName {
  const rest = name.slice(`${app}-${environment}-`.length)
  return rest.slice(0, rest.lastIndexOf(`-${color}`)) as ComponentName
}
