import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
  const transport = () => incusTransport({ client: world.client, instance: parseInstanceName(name) })
  transportContract(`the container ${name}`, transport)

  it('a program with input that waits for its end is heard to the end first', async () => {
    const script =
      'exec 3<&0; (cat <&3 >/dev/null; echo over >/tmp/over) & sleep 0.3; test -e /tmp/over || echo held; echo end; wait'
    const ask = { timeoutMs: 5_000, stdin: 'x', until: 'end\n' }
    expect(await transport().run(['sh', '-c', script], ask)).toMatchObject({ exitCode: 0, stdout: 'held\nend\n' })
  })

  it('a socket that gave no answer is asked again, unless silence is one', async () => {
    const path = join(shared, `silent-${name}.sock`)
    let asked = 0
    const server = createServer((socket) => {
      asked += 1
      socket.on('error', () => socket.destroy())
      socket.resume().end(asked === 1 || asked === 3 ? '' : 'world')
    })
    await new Promise<void>((resolve) => server.listen(path, resolve))
    expect(await transport().askSocket(path, 'hello\n', { timeoutMs: 2_000 })).toBe('world')
    expect(asked).toBe(2)
    expect(await transport().askSocket(path, 'hello\n', { timeoutMs: 2_000, canBeSilent: true })).toBe('')
    expect(asked).toBe(3)
    await new Promise((resolve) => server.close(resolve))
  })

  it('what a program says is whole, also when it cannot be run; nothing of it stays with the daemon', async () => {
    const runs = Array.from({ length: 24 }, (_, i) =>
      transport().run(['sh', '-c', `echo out ${i}; echo err ${i} >&2; exit 126`], { timeoutMs: 9_000 }),
    )
    const ends = await Promise.all(runs)
    expect(ends.map(({ stdout, stderr }) => [stdout, stderr])).toEqual(ends.map((_, i) => [`out ${i}\n`, `err ${i}\n`]))
    const left = await world.client.call({ method: 'GET', path: `/instances/${name}/logs/exec-output` })
    expect(left).toMatchObject({ metadata: [] })
  })
})
