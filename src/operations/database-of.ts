import { refusal, usageError } from '../domain/errors.ts'
import type { DataServiceName } from '../domain/ids.ts'
import type { DataService } from '../ports/data-service.ts'
import type { Database } from '../ports/database.ts'

/** The database that was asked for, or the only one there is. Errors `no-such-service` (kind `refused`), `which-service` (kind `usage`). */
export function databaseOf(
  data: readonly DataService[],
  asked: DataServiceName | null,
): { readonly service: DataServiceName; readonly database: Database } {
  const databases = data.flatMap((one) => {
    const database = one.database()
    return database === null ? [] : [{ service: one.name, database }]
  })
  const found = asked === null ? databases : databases.filter(({ service }) => service === asked)
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  if (first === undefined)
    throw refusal(asked === null ? 'this environment has no database' : `${asked} is no database of this environment`, {
      code: 'no-such-service',
      details: databases.map(({ service }) => service),
      hint: 'write it under environments.<name>.data',
    })
  throw usageError('there is more than one database: say which', {
    code: 'which-service',
    place: { flag: '--service' },
    details: databases.map(({ service }) => service),
  })
}
