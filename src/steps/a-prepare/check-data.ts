import { BackflipError, refusal } from '../../domain/errors.ts'
import type { CheckDataParams } from '../../domain/plan/params.ts'
import { defineStep, NOTHING } from '../../engine/step.ts'
import type { DataLook, DataService } from '../../ports/data-service.ts'
import { serviceOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

/**
 * A: every data service runs, its storage can snapshot it, and there is room. From here on older generations are refused by the storage too.
 * Nothing was changed when it says no.
 */
export const checkData = defineStep<StepPorts, CheckDataParams>({
  id: 'check-data',
  limits: { attempts: 2, timeoutMs: 60_000 },
  async execute(ask, { ports, generation }) {
    for (const name of ask.services) {
      const service = serviceOf(ports, name)
      await service.fence(generation)
      const unfit = unfitForSnapshot(service, await service.look(), ask)
      if (unfit !== null) throw unfit
    }
    return NOTHING
  },
  undo: 'none',
})

/** Why no snapshot could be taken of it now; null when one could. */
export function unfitForSnapshot(
  service: Pick<DataService, 'name' | 'instance'>,
  look: DataLook,
  { allowStop, minFreeBytes }: Pick<CheckDataParams, 'allowStop' | 'minFreeBytes'>,
): BackflipError | null {
  const { instance } = service
  if (look.state !== 'running')
    return new BackflipError(`the data service ${service.name} does not run: ${instance} is ${look.state}`, {
      code: 'data-down',
      kind: 'refused',
      hint: look.state === 'absent' ? 'backflip status' : `incus start ${instance}`,
    })
  if (!look.isAtomic && !allowStop)
    return refusal(
      `a snapshot of ${instance} would not be one moment: ${look.whyNotAtomic ?? 'its storage copies file by file'}`,
      {
        code: 'not-atomic',
        details: [
          'a copy of a running database that is not atomic starts and has lost rows',
          'snapshots.allowStop: true stops it for the snapshot; users notice',
        ],
        hint: 'move it to a pool of zfs, btrfs or lvm, or allow the stop',
      },
    )
  if (look.room !== null && look.room.freeBytes < minFreeBytes)
    return refusal(
      `the pool of ${instance} has ${look.room.freeBytes} bytes free, and at least ${minFreeBytes} are asked for`,
      {
        code: 'no-room',
        details: [`${look.snapshots.length} snapshots of it are there`],
        hint: 'backflip snapshots prune',
      },
    )
  return null
}
