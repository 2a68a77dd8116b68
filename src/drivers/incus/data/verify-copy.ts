import { startServer } from '../../../domain/data/start-server.ts'
import { BackflipError } from '../../../domain/errors.ts'
import type { DataService } from '../../../ports/data-service.ts'
import type { Database, DatabaseMark, Verification } from '../../../ports/database.ts'

const STOP_LIMIT_MS = 60_000

type Doer = Pick<DataService, 'kind' | 'name' | 'copy' | 'removeCopy' | 'start' | 'stop' | 'database'>

/** `DataService.verifyCopy`, by the port's other methods. */
export async function verifyCopy(
  service: Doer,
  { name, mark, fencedBy }: Parameters<DataService['verifyCopy']>[0],
): Promise<Verification> {
  await service.start({ name, fencedBy })
  try {
    const database = service.database(name)
    return database === null ? started(name) : await proveDatabase(service, database, mark)
  } finally {
    await service.stop({ name, timeoutMs: STOP_LIMIT_MS, fencedBy })
  }
}

/** `DataService.verifySnapshot`. A copy that an earlier try left is used: it is of the same snapshot, but was started, so it is made again. */
export async function verifySnapshot(
  service: Doer,
  { snapshot, as, operation, mark, fencedBy }: Parameters<DataService['verifySnapshot']>[0],
): Promise<Verification> {
  await service.removeCopy({ name: as, operation, fencedBy })
  try {
    await service.copy({ snapshot, as, operation, fencedBy })
    return await verifyCopy(service, { name: as, mark, fencedBy })
  } finally {
    await service.removeCopy({ name: as, operation, fencedBy })
  }
}

function started(name: string): Verification {
  const check = { name: 'ready', result: 'passed', detail: `${name} starts`, durationMs: 0 } as const
  return { isVerified: true, checks: [check], recoveredTo: null }
}

async function proveDatabase(
  service: Pick<DataService, 'name'>,
  database: Database,
  mark: DatabaseMark | null,
): Promise<Verification> {
  if (mark === null) {
    throw new BackflipError(`a snapshot of ${service.name} cannot be proved without its mark`, {
      code: 'no-mark',
      kind: 'failed',
    })
  }
  await startServer(database)
  return database.verify(mark)
}
