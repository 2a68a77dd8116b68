import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { incusTransport } from '../../src/drivers/incus/transport.ts'
import { transportContract } from '../contract/transport.ts'
import { type IncusWorld, incusWorld } from './world.ts'

const world: IncusWorld = await incusWorld()
const shared = join(world.folder, 'shared')
const before = process.env.TMPDIR
const devices = { shared: { type: 'disk', source: shared, path: shared, shift: 'true' } }

beforeAll(async () => {
  mkdirSync(shared)
  // The suite looks at the files from here: its folder is one that both see.
  process.env.TMPDIR = shared
  await Promise.all([world.launch('bb', 'busybox', 2, { devices }), world.launch('deb', 'debian', 3, { devices })])
})
afterAll(async () => {
  if (before === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = before
  await world.end()
})

describe.each(['bb', 'deb'])('%s', (name) => {
  transportContract(`the container ${name}`, () =>
    incusTransport({ client: world.client, instance: parseInstanceName(name) }),
  )
})
