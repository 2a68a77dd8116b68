import { readFileSync } from 'node:fs'
import type { EdgeTransportConfig, IncusConfig } from '../../config/types.ts'
import { usageError } from '../../domain/errors.ts'
import type { Shortcoming } from '../../ports/shortcoming.ts'
import type { Transport } from '../../ports/transport.ts'
import { checkTransport } from './check-transport.ts'
import { type IncusClient, incusClient } from './client.ts'
import type { IncusPlace } from './connection.ts'
import { parseInstanceName, parseProjectName } from './names.ts'
import type { Container } from './run-in-container.ts'
import { sharedFolderTransport } from './shared-folder.ts'
import { incusTransport } from './transport.ts'

/** Reads the certificate's files, and connects to nothing yet. */
export function clientFromConfig({ project, place }: IncusConfig): IncusClient {
  return incusClient({ place: toPlace(place), project: parseProjectName(project) })
}

type InContainer = Extract<EdgeTransportConfig, { readonly driver: 'incus' }>

export function containerOf(client: IncusClient, { instance }: Pick<InContainer, 'instance'>): Container {
  return { client, instance: parseInstanceName(instance) }
}

/** The way that the configuration chose: `folder` is the edge's, `here` what lies in it takes when it is shared with this host. */
export function edgeTransportOf(
  client: IncusClient,
  config: InContainer,
  { folder, here }: { readonly folder: string; readonly here: Transport },
): Transport {
  const inside = incusTransport(containerOf(client, config))
  const { sharedFolder } = config
  return sharedFolder === null
    ? inside
    : sharedFolderTransport({ host: sharedFolder, container: folder }, { here, inside })
}

/** What is missing on that way. */
export function checkEdgeTransport(
  client: IncusClient,
  config: InContainer,
  { folder, transport }: { readonly folder: string; readonly transport: Transport },
): Promise<readonly Shortcoming[]> {
  return checkTransport(containerOf(client, config), { folder, transport, sharedFolder: config.sharedFolder })
}

function toPlace(place: IncusConfig['place']): IncusPlace {
  if ('socket' in place) return place
  const { host, port, fingerprint, certificateFile, keyFile } = place
  return { host, port, fingerprint, certificate: readPem(certificateFile), key: readPem(keyFile) }
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw usageError(`the client certificate cannot be read: ${file}`, {
      code: 'no-client-certificate',
      hint: 'incus remote generate-certificate makes one in ~/.config/incus',
      cause,
    })
  }
}
