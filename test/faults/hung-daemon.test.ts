import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { backflipRunning } from './command.ts'

/** Everything of it lives behind one daemon. */
const CONFIG = (socket: string) => `app: hello
components:
  web: { command: [node, server.js], routes: [{ path: / }], health: { path: /healthz } }
environments:
  local:
    incus: { socket: ${socket}, project: p }
    edge:
      bind: "*:8080"
      mode: attached
      public: http://127.0.0.1:1
      folder: /srv/b
      masterSocket: /run/master
      adminSocket: /run/admin
      configFiles: [/srv/b/backflip-hello-local.cfg]
      transport: { driver: incus, instance: edge }
    runtime: { driver: incus, image: bb, addresses: { range: 10.0.0.10-10.0.0.40 }, network: { name: br0 } }
    registry: { path: ./registry }
    data: { db: { driver: incus, kind: files, instance: data } }
`

let folder: string
let daemon: Server
let asked = 0
const held = new Set<Socket>()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bf-hung-'))
  const socket = join(folder, 'incus.socket')
  writeFileSync(join(folder, 'backflip.yaml'), CONFIG(socket))
  // Takes every connection and says nothing, for as long as the other side wants to wait.
  daemon = createServer((one) => {
    asked += 1
    held.add(one)
    one.on('error', () => undefined)
    one.on('close', () => held.delete(one))
    one.resume()
  })
  await new Promise<void>((listening) => daemon.listen(socket, listening))
})
beforeEach(() => {
  asked = 0
})
afterAll(() => {
  for (const one of held) one.destroy()
  daemon.close()
  rmSync(folder, { recursive: true })
})

describe('I9: a daemon that takes every connection and answers none', () => {
  it.each([
    ['status', 0, ['edge       not seen', 'data not seen', 'instances  not seen']],
    ['doctor', 6, ['edge could not be seen', 'db could not be seen', 'instances could not be seen']],
  ])(
    '%s says what it could not see, and its process ends with that: it asks nothing more',
    async (verb, exitCode, said) => {
      const running = backflipRunning({ folder }, verb)
      let askedUntilSaid = 0
      running.child.stdout?.on('data', () => {
        askedUntilSaid = asked
      })
      expect(await running.ended()).toBe(exitCode)
      for (const words of said) expect(running.out()).toContain(words)
      expect(askedUntilSaid).toBeGreaterThan(0)
      expect(asked).toBe(askedUntilSaid)
    },
  )
})
