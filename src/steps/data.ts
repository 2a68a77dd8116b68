import { BackflipError } from '../domain/errors.ts'
import type { DataServiceName } from '../domain/ids.ts'
import type { DataService } from '../ports/data-service.ts'
import type { Database } from '../ports/database.ts'
import type { StepPorts } from './ports.ts'

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
