import { isAbsolute } from 'node:path'
import { usageError } from '../domain/errors.ts'
import { absolute } from './absolute.ts'
import type { ConfigFile } from './schema.ts'
import type { IncusConfig, IncusTransportConfig } from './types.ts'

type Edge = ConfigFile['environments'][string]['edge']
type Transport = NonNullable<Edge['transport']>

/** Of an edge in a container, with what has to be said when its paths are not this host's. */
export function toEdgeTransport(at: string, edge: Edge, folder: string): IncusTransportConfig {
  const { transport } = edge
  if (transport === undefined) throw new Error('an edge on this host has no transport')
  assertSaid(at, edge)
  return {
    driver: 'incus',
    project: transport.project,
    server: toServer(transport.server, folder),
    instance: transport.instance,
    sharedFolder: transport.sharedFolder === undefined ? null : absolute(folder, transport.sharedFolder),
  }
}

function assertSaid(at: string, edge: Edge): void {
  const refuse = (key: string, why: string) => {
    throw usageError(`an edge in a container needs ${key}: ${why}`, {
      code: 'edge-in-container',
      place: { flag: `${at}.${key.split(' ')[0] ?? key}` },
    })
  }
  if (edge.mode !== 'attached') refuse('mode attached', 'its HAProxy is run by the container’s own service manager')
  if (edge.public === undefined) refuse('public', 'its address is not this host’s')
  if (edge.folder === undefined) refuse('folder', 'a folder of the container')
  const paths = [edge.folder, edge.masterSocket, edge.adminSocket, ...edge.configFiles]
  const relative = paths.find((path) => path !== undefined && !isAbsolute(path))
  if (relative !== undefined) refuse('absolute paths', `${relative} is a path in the container`)
}

export function toServer(server: Transport['server'], folder: string): IncusConfig['server'] {
  if ('socket' in server) return { socket: absolute(folder, server.socket) }
  const colon = server.address.lastIndexOf(':')
  return {
    host: server.address.slice(0, colon),
    port: Number(server.address.slice(colon + 1)),
    fingerprint: server.fingerprint,
    certificateFile: absolute(folder, server.certificate),
    keyFile: absolute(folder, server.key),
  }
}
