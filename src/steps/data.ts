import { startServer } from '../domain/data/start-server.ts'
import { BackflipError } from '../domain/errors.ts'
import type { DataServiceName } from '../domain/ids.ts'
import type { DataService } from '../ports/data-service.ts'
import type { Database } from '../ports/database.ts'
import type { StepPorts } from './ports.ts'

/** Recovery of a large log takes minutes. */
const READY_MS = 15 * 60_000

/** The data service that a plan names. Error `no-such-service` when the configuration has it no more. */
export function serviceOf({ data }: Pick<StepPorts, 'data'>, name: DataServiceName): DataService {
  const found = data.find((one) => one.name === name)
  if (found !== undefined) return found
  throw new BackflipError(`the data service ${name} is not in the configuration any more`, {
    code: 'no-such-service',
    kind: 'refused',
    hint: 'backflip check',
  })
}

/**
 * The live databases among some services, once the storage has said that nobody with a newer generation was there. A database knows no generation: who
 * was stopped for a while and has lost the environment is turned away here, before he says a word to it.
 */
export async function fencedDatabasesOf(
  ports: Pick<StepPorts, 'data'>,
  names: readonly DataServiceName[],
  generation: number,
): Promise<ReturnType<typeof databasesOf>> {
  for (const name of names) await serviceOf(ports, name).fence(generation)
  return databasesOf(ports, names)
}

/** The live databases among some services. */
export function databasesOf(
  ports: Pick<StepPorts, 'data'>,
  names: readonly DataServiceName[],
): readonly { readonly service: DataServiceName; readonly database: Database }[] {
  return names.flatMap((name) => {
    const database = serviceOf(ports, name).database()
    return database === null ? [] : [{ service: name, database }]
  })
}

/** The live instance runs, and its database answers. Repeatable. */
export async function startLive(
  name: DataServiceName,
  { ports, generation }: { readonly ports: Pick<StepPorts, 'data'>; readonly generation: number },
): Promise<void> {
  const service = serviceOf(ports, name)
  await service.start({ name: service.instance, fencedBy: generation })
  const database = service.database()
  if (database === null) return
  await startServer(database)
  await database.waitUntilReady(READY_MS)
}
