import { readFileSync } from 'node:fs'
import type { IncusConfig, IncusTransportConfig } from '../../config/types.ts'
import { usageError } from '../../domain/errors.ts'
import type { Transport } from '../../ports/transport.ts'
import { type IncusClient, incusClient } from './client.ts'
import type { IncusPlace } from './connection.ts'
import { parseInstanceName, parseProjectName } from './names.ts'
import type { Container } from './run-in-container.ts'
import { sharedFolderTransport } from './shared-folder.ts'
import { incusTransport } from './transport.ts'

/** Reads the certificate's files, and connects to nothing yet. */
export function clientFromConfig({ project, server }: IncusConfig): IncusClient {
  return incusClient({ place: toPlace(server), project: parseProjectName(project) })
}

export function containerFromConfig(config: IncusTransportConfig): Container {
  return { client: clientFromConfig(config), instance: parseInstanceName(config.instance) }
}

/** The way that the configuration chose: `folder` is the edge's, `here` what lies in it takes when it is shared with this host. */
export function transportFromConfig(
  config: IncusTransportConfig,
  { folder, here }: { readonly folder: string; readonly here: Transport },
): Transport {
  const inside = incusTransport(containerFromConfig(config))
  const { sharedFolder } = config
  if (sharedFolder === null) return inside
  return sharedFolderTransport({ host: sharedFolder, container: folder }, { here, inside })
}

function toPlace(server: IncusConfig['server']): IncusPlace {
  if ('socket' in server) return server
  const { host, port, fingerprint, certificateFile, keyFile } = server
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
