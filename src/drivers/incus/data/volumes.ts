import { dirname, join, resolve } from 'node:path'
import { refusal } from '../../../domain/errors.ts'
import { pullFile } from '../files.ts'
import type { Instance } from '../instances.ts'
import type { DataHost } from './host.ts'
import { isVolume } from './seat.ts'

/** As the kernel's own limit for one path (path_resolution(7)). */
const MAX_LINKS = 40

/** A disk device beside the root: no snapshot of the instance has it (research/incus.md §5), and a copy is made without it. */
export interface Volume {
  readonly device: string
  readonly path: string
  readonly hasData: boolean
}

/**
 * The writable volumes of the live instance. For `files` each counts as data. For a database those count that the server's files lie on, log and
 * tablespaces included, by whatever symbolic links: a folder for backups does not.
 */
export async function volumesOf(host: DataHost, live: Instance): Promise<readonly Volume[]> {
  const found = Object.entries(live.expanded.devices).flatMap(([device, one]) =>
    isVolume(one) && one.readonly !== 'true' && one.path !== undefined
      ? [{ device, path: resolve('/', one.path) }]
      : [],
  )
  if (found.length === 0) return []
  const places = await dataPlaces(host)
  return found.map((volume) => ({
    ...volume,
    hasData: places === null || places.some((place) => liesOn(place, volume.path)),
  }))
}

/** Error `data-outside-snapshot`: such a snapshot would be without its data. */
export function mustHoldNoData(live: string, volumes: readonly Volume[]): void {
  const outside = volumes.filter(({ hasData }) => hasData)
  if (outside.length === 0) return
  throw refusal(`a snapshot of ${live} would not have its data`, {
    code: 'data-outside-snapshot',
    details: outside.map(
      ({ device, path }) => `${path} is the volume of the device ${device}, which no snapshot of the instance has`,
    ),
    hint: `move the data onto the root disk of ${live}, or attach the volume with readonly=true`,
  })
}

function liesOn(place: string, volume: string): boolean {
  return place === volume || place.startsWith(`${volume}/`) || volume.startsWith(`${place}/`)
}

/** Where the server's files really are; null: anywhere. */
async function dataPlaces(host: DataHost): Promise<readonly string[] | null> {
  if (host.postgres === null) return null
  const { dataFolder } = host.postgres
  const spaces = await namesIn(host, `${dataFolder}/pg_tblspc`)
  const paths = [dataFolder, `${dataFolder}/pg_wal`, ...spaces.map((name) => `${dataFolder}/pg_tblspc/${name}`)]
  return Promise.all(paths.map((path) => realPath(host, path)))
}

async function namesIn(host: DataHost, folder: string): Promise<readonly string[]> {
  const view = await pullFile(host.client, host.live, await realPath(host, folder))
  return view?.type === 'directory' ? view.names : []
}

/** Follows every symbolic link on the way, as the container itself would. */
async function realPath({ client, live }: DataHost, path: string): Promise<string> {
  let links = 0
  let real = '/'
  let ahead = path.split('/')
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '' || part === '.') continue
    const next = part === '..' ? dirname(real) : join(real, part)
    const view = part === '..' ? null : await pullFile(client, live, next)
    if (view?.type !== 'symlink' || ++links > MAX_LINKS) {
      real = next
      continue
    }
    const target = view.bytes.toString('utf8')
    if (target.startsWith('/')) real = '/'
    ahead = [...target.split('/'), ...ahead]
  }
  return real
}
