import type { IncusRuntimeConfig } from '../../../config/types.ts'
import { COLORS, type Color } from '../../../domain/color.ts'
import { usageError } from '../../../domain/errors.ts'
import type { ComponentName } from '../../../domain/ids.ts'
import type { Manifest, ReleaseComponent } from '../../../domain/release.ts'
import type { ColorTopology, ServerAddress } from '../../../domain/topology.ts'
import type { InstanceName } from '../names.ts'
import { containerName, type Owner } from './names.ts'

type Addressing = Pick<IncusRuntimeConfig, 'namePattern' | 'addresses' | 'port'>

/** One instance of a release on a color, before there is a container. */
export interface Place {
  readonly component: ComponentName
  readonly color: Color
  /** Counts from 1 within its component. */
  readonly nth: number
  readonly address: ServerAddress & { readonly name: InstanceName }
  readonly release: ReleaseComponent
}

/**
 * Every instance of a release on a color. The range's last address is for one-offs; of the rest each color has half, and in it an instance has the
 * place that it has among the release's components sorted by name. Nothing is searched for, so that a repeat finds what it made.
 * Errors (kind `usage`): `range-too-small`, `same-name`.
 */
export function placesOf(config: Addressing, owner: Owner, color: Color, manifest: Manifest): readonly Place[] {
  const { first, half } = rangeOf(config)
  const sorted = [...manifest.components].sort((a, b) => (a.name < b.name ? -1 : 1))
  const wanted = sorted.flatMap((release) =>
    Array.from({ length: release.instances }, (_, index) => ({ release, nth: index + 1 })),
  )
  if (wanted.length > half) {
    throw usageError(
      `a color of this release needs ${wanted.length} addresses, and its half of the range has ${half}`,
      {
        code: 'range-too-small',
        hint: `make runtime.addresses.range at least ${wanted.length * COLORS.length + 1} wide`,
      },
    )
  }
  const begin = first + COLORS.indexOf(color) * half
  const places = wanted.map(({ release, nth }, index): Place => {
    const name = containerName(config, owner, { component: release.name, color, nth })
    const host = toAddress(begin + index)
    return { component: release.name, color, nth, release, address: { name, host, port: config.port } }
  })
  refuseSameName(places)
  return places
}

export function topologyOf(config: Addressing, owner: Owner, color: Color, manifest: Manifest): ColorTopology {
  const places = placesOf(config, owner, color, manifest)
  return manifest.components
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, routes, health }) => ({
      name,
      routes,
      health,
      servers: places.filter(({ component }) => component === name).map(({ address }) => address),
    }))
}

/** A one-off reaches the database from the range's last address: one at a time, as it should be. */
export function oneOffAddress(config: Addressing): string {
  return toAddress(rangeOf(config).last)
}

function rangeOf({ addresses }: Addressing): { readonly first: number; readonly last: number; readonly half: number } {
  const [first, last] = [toNumber(addresses.first), toNumber(addresses.last)]
  return { first, last, half: Math.floor((last - first) / COLORS.length) }
}

/** A component `web-2` and the second instance of `web` meet in some patterns. */
function refuseSameName(places: readonly Place[]): void {
  const names = places.map(({ address }) => address.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw usageError(`two instances of this release would be called ${twice}`, {
    code: 'same-name',
    hint: 'put {color} at the end of runtime.name',
  })
}

export function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.')
}
