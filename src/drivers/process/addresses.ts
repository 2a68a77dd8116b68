import type { ProcessRuntimeConfig } from '../../config/types.ts'
import { COLORS, type Color } from '../../domain/color.ts'
import { usageError } from '../../domain/errors.ts'
import type { AppName, ComponentName, EnvironmentName } from '../../domain/ids.ts'
import type { Manifest } from '../../domain/release.ts'
import type { ColorTopology } from '../../domain/topology.ts'

export const LOOPBACK = '127.0.0.1'

export function instanceName(
  app: AppName,
  environment: EnvironmentName,
  component: ComponentName,
  color: Color,
  nth: number,
): string {
  const base = `${app}-${environment}-${component}-${color}`
  return nth === 1 ? base : `${base}-${nth}`
}

/**
 * Names and ports of a release's instances on a color: each color has half of the range, and in it an instance has the place it has
 * among the release's components sorted by name. No port is ever searched for, so that a repeat after a crash finds what it made.
 * Error `port-range-too-small` (kind `usage`).
 */
export function addressesOf(
  {
    app,
    environment,
    ports,
  }: { readonly app: AppName; readonly environment: EnvironmentName; readonly ports: ProcessRuntimeConfig['ports'] },
  color: Color,
  manifest: Manifest,
): ColorTopology {
  const half = Math.floor((ports.last - ports.first + 1) / COLORS.length)
  const sorted = [...manifest.components].sort((a, b) => (a.name < b.name ? -1 : 1))
  const needed = sorted.reduce((sum, { instances }) => sum + instances, 0)
  if (needed > half) {
    throw usageError(
      `a color of this release needs ${needed} ports, and half of ${ports.first}–${ports.last} is ${half}`,
      {
        code: 'port-range-too-small',
        hint: `make runtime.ports at least ${needed * COLORS.length} wide`,
      },
    )
  }
  let port = ports.first + COLORS.indexOf(color) * half
  return sorted.map(({ name, routes, health, instances }) => ({
    name,
    routes,
    health,
    servers: Array.from({ length: instances }, (_, index) => ({
      name: instanceName(app, environment, name, color, index + 1),
      host: LOOPBACK,
      port: port++,
    })),
  }))
}
