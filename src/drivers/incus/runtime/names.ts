import { createHash } from 'node:crypto'
import type { IncusRuntimeConfig } from '../../../config/types.ts'
import type { Color } from '../../../domain/color.ts'
import { usageError } from '../../../domain/errors.ts'
import { type AppName, type ComponentName, type EnvironmentName, type OperationId, quote } from '../../../domain/ids.ts'
import { type InstanceName, parseInstanceName } from '../names.ts'

/** Whose containers these are. */
export interface Owner {
  readonly app: AppName
  readonly environment: EnvironmentName
}

/** By the configured pattern; `-<n>` from the second instance on. Error `bad-incus-name` (kind `usage`) when Incus would not take it. */
export function containerName(
  { namePattern }: Pick<IncusRuntimeConfig, 'namePattern'>,
  { app, environment }: Owner,
  of: { readonly component: ComponentName; readonly color: Color; readonly nth: number },
): InstanceName {
  const { component, color, nth } = of
  const parts: { readonly [place: string]: string } = { app, environment, component, color }
  const base = namePattern.replace(/\{(\w+)\}/g, (place, key: string) => parts[key] ?? place)
  return parseInstanceName(nth === 1 ? base : `${base}-${nth}`)
}

/** Its own for each operation and each name. Short, because the names of apps may fill what Incus allows; labels say whose it is. */
export function oneOffContainer(
  { app, environment }: Owner,
  { name, operation }: { readonly name: string; readonly operation: OperationId },
): InstanceName {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw usageError(`${quote(name)} cannot name a one-off`, { code: 'bad-name' })
  const hash = createHash('sha256').update([app, environment, operation, name].join('\0')).digest('hex')
  return parseInstanceName(`backflip-${name}-${hash.slice(0, 12)}`)
}
