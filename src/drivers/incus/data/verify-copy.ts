import { startServer } from '../../../domain/data/start-server.ts'
import { BackflipError } from '../../../domain/errors.ts'
import type { DataService } from '../../../ports/data-service.ts'
import type { Verification } from '../../../ports/database.ts'

/** A database writes everything out first. Where there is none nobody waited for the boot, and a request that comes too early is lost (research/incus.md §10, 1). */
const STOP_LIMIT_MS = { postgres: 60_000, files: 5_000 } as const

type Doer = Pick<DataService, 'kind' | 'copy' | 'removeCopy' | 'start' | 'stop' | 'database'>

/** `DataService.verifyCopy`, by the port's other methods. */
export async function verifyCopy(
  service: Doer,
  { name, mark, forkAbove, fencedBy }: Parameters<DataService['verifyCopy']>[0],
): Promise<Verification> {
  try {
    return await prove(service, { name, mark, forkAbove, fencedBy })
  } finally {
    await service.stop({ name, timeoutMs: STOP_LIMIT_MS[service.kind], fencedBy })
  }
}

/** `DataService.verifySnapshot`. What an earlier try left has been started since it was made, so it is made again. */
export async function verifySnapshot(
  service: Doer,
  { snapshot, as, operation, mark, fencedBy }: Parameters<DataService['verifySnapshot']>[0],
): Promise<Verification> {
  await service.removeCopy({ name: as, operation, fencedBy })
  try {
    await service.copy({ snapshot, as, operation, fencedBy })
    return await prove(service, { name: as, mark, forkAbove: null, fencedBy })
  } finally {
    await service.removeCopy({ name: as, operation, fencedBy })
  }
}

async function prove(
  service: Doer,
  { name, mark, forkAbove, fencedBy }: Parameters<DataService['verifyCopy']>[0],
): Promise<Verification> {
  const database = service.database(name)
  if (database !== null && mark === null) throw noMark(name)
  await service.start({ name, fencedBy })
  if (database === null || mark === null) return started(name)
  await startServer(database)
  // Its instance has booted: a server that is stopped while systemd still starts it fails at its next start (`await-boot.ts`).
  return database.verify(mark, { forkAbove })
}

function started(name: string): Verification {
  const check = { name: 'ready', result: 'passed', detail: `${name} starts`, durationMs: 0 } as const
  return { isVerified: true, checks: [check], recoveredTo: null }
}

function noMark(name: string): BackflipError {
  return new BackflipError(`${name} cannot be proved without the mark of its snapshot`, {
    code: 'no-mark',
    kind: 'failed',
    hint: 'backflip snapshots list',
  })
}
