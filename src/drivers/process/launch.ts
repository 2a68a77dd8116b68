import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Color } from '../../domain/color.ts'
import { BackflipError } from '../../domain/errors.ts'
import type { OperationId } from '../../domain/ids.ts'
import type { Manifest } from '../../domain/release.ts'
import { accepts } from '../../lib/accepts.ts'
import { diskFull } from '../../lib/disk-full.ts'
import { bootId } from '../../lib/proc.ts'
import { addressesOf } from './addresses.ts'
import type { ProcessContext } from './context.ts'
import { endProcesses } from './end-run.ts'
import type { Entered } from './fence.ts'
import { writeFenced } from './fenced-file.ts'
import { tailOf } from './log-files.ts'
import type { Mark } from './mark.ts'
import { scanProcesses } from './process-table.ts'
import type { InstanceRecord } from './records.ts'
import { type Spawned, spawnDetached, watchStart } from './spawn.ts'

/** What an instance is before it has a process. */
export type InstanceSpec = Omit<InstanceRecord, 'version' | 'pid' | 'processStart' | 'bootId' | 'startedAt' | 'stopped'>

const FAILURE_LINES = 10

/** Every instance of a release on a color: pure, in the order of names. */
export function specsOf(
  context: ProcessContext,
  ask: {
    readonly color: Color
    readonly manifest: Manifest
    readonly operation: OperationId
    readonly fencedBy: number
  },
): readonly InstanceSpec[] {
  const { color, manifest, operation, fencedBy } = ask
  return addressesOf(context, color, manifest).flatMap(({ name: component, servers }) => {
    const release = manifest.components.find(({ name }) => name === component)
    if (release === undefined) return []
    const cwd = context.layout.component(color, operation, component)
    const { command, environment, stopTimeoutMs } = release
    const argv = resolveCommand(cwd, command)
    return servers.map(({ name, host, port }) => ({
      name,
      component,
      color,
      sha: manifest.sha,
      operation,
      generation: fencedBy,
      argv,
      cwd,
      host,
      port,
      stopTimeoutMs,
      environment,
    }))
  })
}

/** A command with a slash is a file of the release; one without is looked up in PATH by the kernel's own rule. */
export function resolveCommand(cwd: string, [command = '', ...rest]: readonly string[]): readonly string[] {
  return [command.includes('/') ? resolve(cwd, command) : command, ...rest]
}

export function markOf(
  context: ProcessContext,
  spec: Pick<InstanceSpec, 'name' | 'operation' | 'sha'> & { readonly color?: Color },
): Mark {
  return {
    BACKFLIP_STATE: context.state(),
    BACKFLIP_INSTANCE: spec.name,
    BACKFLIP_OPERATION: spec.operation,
    BACKFLIP_SHA: spec.sha,
    ...(spec.color === undefined ? {} : { BACKFLIP_COLOR: spec.color }),
  }
}

/**
 * Starts one process and writes it down. What cannot be written down, or was started after somebody else took over, is ended again.
 * Error `start-failed` (kind `failed`) with the last lines of its log when it cannot be executed or ends at once.
 */
export async function launch(
  context: ProcessContext,
  entered: Entered,
  spec: InstanceSpec,
  variables: { readonly [name: string]: string },
): Promise<InstanceRecord> {
  if (!existsSync(spec.cwd)) throw await startFailed(context, spec, `its folder ${spec.cwd} is not there`)
  // The health checks would ask the stranger, and the instance would end of it a moment later.
  if (await accepts(spec)) throw await startFailed(context, spec, `somebody else listens on its port ${spec.port}`)
  await entered.check()
  const log = context.layout.log(spec.name, spec.operation)
  const spawned = await spawnDetached({ argv: spec.argv, cwd: spec.cwd, variables, log }).catch(
    async (error: unknown) => {
      throw diskFull(error) ?? (await startFailed(context, spec, 'it cannot be executed', error))
    },
  )
  const record: InstanceRecord = {
    version: 1,
    ...spec,
    pid: spawned.pid,
    processStart: spawned.start,
    bootId: bootId(),
    startedAt: context.clock.now(),
    stopped: null,
  }
  try {
    await writeFenced(entered, context.layout.record(spec.name), JSON.stringify(record))
  } catch (error) {
    await takeBack(context, spec, spawned)
    throw error
  }
  const exit = await watchStart(context.clock, spawned, spec, context.graceMs)
  if (exit === null) return record
  await writeFenced(
    entered,
    context.layout.record(spec.name),
    JSON.stringify({ ...record, stopped: { at: context.clock.now(), exit } }),
  )
  throw await startFailed(context, spec, `it ended at once (${/^\d+$/.test(exit) ? `exit code ${exit}` : exit})`)
}

/** Ours to end whoever holds the fence now: nobody else knows of it. */
async function takeBack(context: ProcessContext, { name }: InstanceSpec, spawned: Spawned): Promise<void> {
  const find = () => scanProcesses(context.state(), [spawned]).filter(({ group }) => group === spawned.pid)
  await endProcesses(context, { check: async () => undefined }, { name, stopTimeoutMs: 0, find, found: find() })
}

async function startFailed(
  context: ProcessContext,
  { name, component, color, operation, environment }: InstanceSpec,
  why: string,
  cause?: unknown,
): Promise<BackflipError> {
  return new BackflipError(`${name} did not start: ${why}`, {
    code: 'start-failed',
    kind: 'failed',
    details: await tailOf(context, join(context.layout.log(name, operation)), environment, FAILURE_LINES),
    hint: `backflip logs ${component} --color ${color}`,
    cause,
  })
}
