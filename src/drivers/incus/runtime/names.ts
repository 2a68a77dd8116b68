import { createHash } from 'node:crypto'
import type { IncusRuntimeConfig } from '../../../config/types.ts'
import { type Color, isColor } from '../../../domain/color.ts'
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

/** The same backwards, for a container of which nothing but the name is known; null for what is not called so. */
export function readContainerName(
  { namePattern }: Pick<IncusRuntimeConfig, 'namePattern'>,
  { app, environment }: Owner,
  name: string,
): { readonly component: ComponentName; readonly color: Color } | null {
  const seen = new Set<string>()
  const groups: { readonly [place: string]: string } = { component: '[a-z][a-z0-9-]*', color: 'blue|green' }
  const parts: { readonly [place: string]: string } = { app, environment }
  const pattern = namePattern.replace(/\{(\w+)\}/g, (place, key: string) => {
    if (groups[key] === undefined) return parts[key] ?? place
    if (seen.has(key)) return `\\k<${key}>`
    seen.add(key)
    return `(?<${key}>${groups[key]})`
  })
  const { component, color } = new RegExp(`^${pattern}(-\\d+)?$`).exec(name)?.groups ?? {}
  return component !== undefined && isColor(color) ? { component: component as ComponentName, color } : null
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
