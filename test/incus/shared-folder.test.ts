import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkTransport } from '../../src/drivers/incus/check-transport.ts'
import { changeState } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { sharedFolderTransport, toHostPath } from '../../src/drivers/incus/shared-folder.ts'
import { incusTransport } from '../../src/drivers/incus/transport.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import { transportContract } from '../contract/transport.ts'
import { type IncusWorld, incusWorld } from './world.ts'

const world: IncusWorld = await incusWorld()
const same = join(world.folder, 'same')
const other = join(world.folder, 'other')
const before = process.env.TMPDIR
const instance = parseInstanceName('edge')
const container = { client: world.client, instance }
const inside = incusTransport(container)
const shared = { host: other, container: '/srv/edge' }
const transport = sharedFolderTransport(shared, { here: localTransport(), inside })

beforeAll(async () => {
  for (const folder of [same, other]) mkdirSync(folder)
  process.env.TMPDIR = same
  await world.launch('edge', 'busybox', 2, {
    devices: {
      same: { type: 'disk', source: same, path: same, shift: 'true' },
      other: { type: 'disk', source: other, path: '/srv/edge', shift: 'true' },
    },
  })
})
afterAll(async () => {
  if (before === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = before
  await world.end()
})

transportContract('a folder that container and host share', () =>
  sharedFolderTransport({ host: same, container: same }, { here: localTransport(), inside }),
)

describe('a shared folder', () => {
  it('has its own name in the container, and commands there see what was written here', async () => {
    await transport.writeFileAtomic('/srv/edge/a', 'one')
    expect(readFileSync(join(other, 'a'), 'utf8')).toBe('one')
    expect(await transport.run(['cat', '/srv/edge/a'], { timeoutMs: 5_000 })).toMatchObject({ stdout: 'one' })
    await transport.writeFileAtomic('/srv/b', 'elsewhere')
    expect(await inside.readFile('/srv/b')).toEqual(Buffer.from('elsewhere'))
  })

  it.each([
    ['/srv/edge', other],
    ['/srv/edge/a/b', join(other, 'a/b')],
    ['/srv/edge/../etc', null],
    ['/srv/edges/a', null],
    ['/etc/haproxy', null],
  ])('%s is %s here', (path, expected) => expect(toHostPath(shared, path)).toBe(expected))
})

describe('what doctor is told of the way into a container', () => {
  const check = (more: Partial<Parameters<typeof checkTransport>[1]> = {}, of = container) =>
    checkTransport(of, { folder: '/srv/edge', transport, sharedFolder: other, ...more })

  it('nothing when all is well, by either way', async () => {
    expect(await check()).toEqual([])
    expect(await check({ transport: inside, sharedFolder: null })).toEqual([])
  })

  it('a folder that is not the same one on both sides', async () => {
    const wrong = sharedFolderTransport({ host: same, container: '/srv/edge' }, { here: localTransport(), inside })
    expect(await check({ transport: wrong, sharedFolder: same })).toMatchObject([
      {
        message: expect.stringContaining('is not the folder') as string,
        hint: expect.stringContaining('shift=true') as string,
      },
    ])
  })

  it('a folder that is not there, a program that is missing, a container that is stopped or was never made', async () => {
    const alone = { transport: inside, sharedFolder: null }
    expect(await check({ ...alone, folder: '/nowhere/at/all' })).toMatchObject([
      { message: expect.stringContaining('cannot be written') as string },
    ])
    await transport.remove('/bin/socat')
    expect(await check(alone)).toEqual([
      { message: 'edge has no socat', hint: expect.stringContaining('share a folder') as string },
    ])
    expect(await check()).toEqual([])
    await changeState(world.client, instance, 'stop', { force: true })
    expect(await check()).toEqual([{ message: 'edge is stopped', hint: 'incus start edge' }])
    expect(await check({}, { ...container, instance: parseInstanceName('none') })).toMatchObject([
      { message: expect.stringContaining('there is no container none') as string },
    ])
    rmSync(other, { recursive: true })
  })
})
