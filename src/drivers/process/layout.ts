import { join } from 'node:path'
import type { Color } from '../../domain/color.ts'
import type { ComponentName, OperationId } from '../../domain/ids.ts'

/** Where everything of one environment lies, below its state folder. All folders are 0700, all files 0600. */
export interface Layout {
  readonly root: string
  readonly instances: string
  readonly logs: string
  readonly oneOffs: string
  /** Folders named by generation: the fence. */
  readonly generations: string
  readonly fingerprintKey: string
  readonly color: (color: Color) => string
  readonly unpacked: (color: Color, operation: OperationId) => string
  readonly component: (color: Color, operation: OperationId, component: ComponentName) => string
  readonly record: (name: string) => string
  readonly log: (name: string, operation: OperationId) => string
  /** The record of an instance that was removed, kept beside its log: which secrets to redact. */
  readonly archived: (name: string, operation: OperationId) => string
}

export function layoutOf(stateFolder: string): Layout {
  const instances = join(stateFolder, 'instances')
  const logs = join(stateFolder, 'logs')
  const color = (name: Color) => join(stateFolder, 'colors', name)
  const unpacked = (name: Color, operation: OperationId) => join(color(name), operation)
  return {
    root: stateFolder,
    instances,
    logs,
    oneOffs: join(stateFolder, 'one-off'),
    generations: join(stateFolder, 'generations'),
    fingerprintKey: join(stateFolder, 'fingerprint.key'),
    color,
    unpacked,
    component: (name, operation, component) => join(unpacked(name, operation), component),
    record: (name) => join(instances, `${name}.json`),
    log: (name, operation) => join(logs, `${name}.${operation}.log`),
    archived: (name, operation) => join(logs, `${name}.${operation}.json`),
  }
}
