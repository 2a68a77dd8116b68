import type { Color } from '../../../domain/color.ts'
import { BackflipError } from '../../../domain/errors.ts'
import type { ComponentName, OperationId } from '../../../domain/ids.ts'
import type { InstanceName } from '../names.ts'
import type { RuntimeContext } from './context.ts'
import { innerPaths } from './files-in-container.ts'
import { tailOf } from './tail.ts'

const FAILURE_LINES = 10

/** Error `start-failed` with the last lines of the log, where there is one. */
export async function startFailed(
  context: RuntimeContext,
  of: {
    readonly component: ComponentName
    readonly color: Color | null
    readonly address: { readonly name: InstanceName }
  },
  operation: OperationId,
  why: string,
): Promise<BackflipError> {
  const { component, color, address } = of
  return new BackflipError(`${address.name} did not start: ${why}`, {
    code: 'start-failed',
    kind: 'failed',
    details: await tailOf(context, address.name, innerPaths(context.config, operation), FAILURE_LINES),
    hint: `backflip logs ${component} --color ${color ?? 'blue'}`,
  })
}
