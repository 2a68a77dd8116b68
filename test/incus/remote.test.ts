import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkAccess } from '../../src/drivers/incus/access.ts'
import { incusClient } from '../../src/drivers/incus/client.ts'
import { execute } from '../../src/drivers/incus/exec.ts'
import { pullFile, pushFile } from '../../src/drivers/incus/files.ts'
import { listInstances } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName, parseProjectName, parseSnapshotName } from '../../src/drivers/incus/names.ts'
import { createSnapshot } from '../../src/drivers/incus/snapshots.ts'
import { GATEWAY } from './bed/bed.ts'
import { runProgram } from './bed/run-program.ts'
import { type IncusWorld, incusWorld } from './world.ts'

const PORT = 8443
const world: IncusWorld = await incusWorld()
const name = parseInstanceName('far')
let remote: { host: string; port: number; fingerprint: string; certificate: string; key: string }

/** A client certificate that may use this project and nothing else, as the guide tells operators to make it. */
beforeAll(async () => {
  await world.launch('far', 'busybox', 2)
  const { client, folder } = world
  const server = await client.call({ method: 'GET', path: '' })
  const { config, environment } = server.metadata as {
    config: object
    environment: { certificate_fingerprint: string }
  }
  await client.call({
    method: 'PUT',
    path: '',
    body: { config: { ...config, 'core.https_address': `${GATEWAY}:${PORT}` } },
  })
  const { certificate, key } = await makeCertificate(folder)
  const body = {
    name: 'backflip',
    type: 'client',
    restricted: true,
    projects: [client.project],
    certificate: certificate.replace(/-----[^-]+-----|\s/g, ''),
  }
  await client.call({ method: 'POST', path: '/certificates', body })
  remote = { host: GATEWAY, port: PORT, fingerprint: environment.certificate_fingerprint, certificate, key }
})
afterAll(() => world.end())

async function makeCertificate(folder: string): Promise<{ readonly certificate: string; readonly key: string }> {
  mkdirSync(folder, { recursive: true })
  const env = { PATH: process.env.PATH ?? '', INCUS_CONF: folder, HOME: folder }
  await runProgram(['incus', 'remote', 'generate-certificate'], { limitMs: 10_000, env })
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  return { certificate: read('client.crt'), key: read('client.key') }
}

describe('over HTTPS, with a restricted certificate', () => {
  it('its own project is all that is needed: list, files, commands, snapshots', async () => {
    const client = incusClient({ place: remote, project: world.client.project })
    expect((await listInstances(client)).map((one) => one.name)).toEqual(['far'])
    await pushFile(client, name, '/srv/a', Buffer.from('a'))
    expect(await pullFile(client, name, '/srv/a')).toMatchObject({ type: 'file', bytes: Buffer.from('a') })
    const { stdout } = await execute(client, name, { argv: ['cat'], stdin: 'through TLS', timeoutMs: 5_000 })
    expect(stdout.toString()).toBe('through TLS')
    await createSnapshot(client, name, parseSnapshotName('s1'))
    client.close()
  })

  it('another project is refused in words', async () => {
    const client = incusClient({ place: remote, project: parseProjectName('default') })
    await expect(listInstances(client)).rejects.toMatchObject({ code: 'incus-no-right' })
    await expect(checkAccess(client)).rejects.toMatchObject({ code: 'incus-no-right' })
    client.close()
  })

  it('a certificate that the server does not know is refused in words', async () => {
    const place = { ...remote, ...(await makeCertificate(join(world.folder, 'stranger'))) }
    const client = incusClient({ place, project: world.client.project })
    await expect(checkAccess(client)).rejects.toMatchObject({
      code: 'incus-no-right',
      hint: expect.stringContaining('incus config trust add-certificate') as string,
    })
    await expect(listInstances(client)).rejects.toMatchObject({ code: 'incus-no-right' })
    client.close()
  })

  it('a server with another certificate gets not one byte of a request', async () => {
    const place = { ...remote, fingerprint: '0'.repeat(64) }
    const client = incusClient({ place, project: world.client.project })
    await expect(listInstances(client)).rejects.toMatchObject({
      code: 'incus-wrong-certificate',
      details: [expect.stringContaining(remote.fingerprint)],
    })
    client.close()
  })
})

describe('a daemon that cannot be reached', () => {
  it('is down, by socket and by address, in one clear error', async () => {
    const nowhere = incusClient({ place: { socket: join(world.folder, 'none.socket') }, project: world.client.project })
    await expect(listInstances(nowhere)).rejects.toMatchObject({ code: 'incus-down', cause: { code: 'ENOENT' } })
    const refused = incusClient({ place: { ...remote, port: 1 }, project: world.client.project })
    await expect(listInstances(refused)).rejects.toMatchObject({ code: 'incus-down', cause: { code: 'ECONNREFUSED' } })
  })
})
