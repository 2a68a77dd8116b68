import { refusal } from '../../../domain/errors.ts'
import type { DataService } from '../../../ports/data-service.ts'
import { awaitOthers } from '../await-others.ts'
import { isIncusError } from '../errors.ts'
import { changeState, type SeenInstance } from '../instances.ts'
import { type InstanceName, parseInstanceName } from '../names.ts'
import { awaitBoot } from './await-boot.ts'
import { type Check, type DataHost, enter, mustFindOurs } from './host.ts'
import { notOurs, placeOf } from './labels.ts'

/** `DataService.start`. */
export async function start(host: DataHost, { name, fencedBy }: Parameters<DataService['start']>[0]): Promise<void> {
  const instance = parseInstanceName(name)
  const check = await enter(host, fencedBy)
  await awaitOthers(host.client, instance)
  const found = await mustFindOurs(host, instance)
  mustBeFenced(host, found, fencedBy)
  await makeRun(host, found, check)
  // The live one serves as soon as it can; what is done to a copy next is to stop its server.
  if (host.kind === 'postgres' && instance !== host.live) await awaitBoot({ client: host.client, instance }, host.clock)
}

/** `DataService.stop`. */
export async function stop(
  host: DataHost,
  { name, timeoutMs, fencedBy }: Parameters<DataService['stop']>[0],
): Promise<void> {
  const instance = parseInstanceName(name)
  const check = await enter(host, fencedBy)
  await awaitOthers(host.client, instance)
  const found = await mustFindOurs(host, instance)
  mustBeFenced(host, found, fencedBy)
  await makeStand(host, found, timeoutMs, check)
}

export async function makeRun({ client }: DataHost, { name, status }: Named, check: Check): Promise<void> {
  if (status === 'Running') return
  await check()
  await changeState(client, name, 'start').catch(fineWhen('incus-running'))
}

/** A polite request first; one that comes right after a start may be lost (research/incus.md §10, 1). */
export async function makeStand(
  { client }: DataHost,
  { name, status }: Named,
  timeoutMs: number,
  check: Check,
): Promise<void> {
  if (status === 'Stopped') return
  await check()
  try {
    await changeState(client, name, 'stop', { timeoutMs }).catch(fineWhen('incus-stopped'))
  } catch (error) {
    if (!isIncusError(error, 'incus-failed', 'incus-timeout', 'incus-locked')) throw error
    await check()
    await changeState(client, name, 'stop', { force: true }).catch(fineWhen('incus-stopped'))
  }
}

interface Named {
  readonly name: InstanceName
  readonly status: string
}

function fineWhen(code: string) {
  return (error: unknown): void => {
    if (!isIncusError(error, code)) throw error
  }
}

/** The live one and what was live are everybody's. */
function mustBeFenced({ live }: DataHost, found: SeenInstance, fencedBy: number | null): void {
  if (fencedBy !== null || (found.name !== live && placeOf(found).role === 'copy')) return
  throw notOurs(found.name, ['without a generation only a copy of one’s own may be started or stopped'])
}

export function mustStand({ name, status }: Named): void {
  if (status === 'Stopped') return
  throw refusal(`${name} still runs`, { code: 'still-running', hint: `incus stop ${name}` })
}
