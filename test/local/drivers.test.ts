import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BackflipError } from '../../src/domain/errors.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { folderHooks } from '../../src/drivers/local/hooks.ts'
import { localLiveness } from '../../src/drivers/local/liveness.ts'
import { httpProbe } from '../../src/drivers/local/probe.ts'
import { localSharedLock } from '../../src/drivers/local/shared-lock.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import { httpGet } from '../../src/lib/http-get.ts'
import { bootId, isSameProcess, processStart } from '../../src/lib/proc.ts'
import { transportContract } from '../contract/transport.ts'
import { r } from '../fakes/history.ts'

transportContract('this host', () => localTransport())

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bf-local-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => (error instanceof BackflipError ? error.code : String(error)),
  )
}

/** Answers every connection with these bytes, as they are. */
async function rawServer(
  answer: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly close: () => void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

async function get(bytes: string, timeoutMs = 1_000) {
  const server = await rawServer((socket) => socket.end(bytes))
  try {
    return await httpGet({ url: `${server.url}/x`, timeoutMs })
  } finally {
    server.close()
  }
}

describe('httpGet', () => {
  it('reads a length, chunks, and what ends with the connection', async () => {
    expect(await get('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello')).toMatchObject({
      status: 200,
      body: 'hello',
      headers: { 'x-a': '1' },
    })
    expect(
      (await get('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n')).body,
    ).toBe('abcde')
    expect((await get('HTTP/1.0 503 Busy\r\n\r\nrest')).body).toBe('rest')
  })

  const broken = [
    '',
    'nonsense',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
    'HTTP/1.1 200 OK\r\n: no name\r\n\r\n',
  ]
  it.each(broken)('says of %j that it is no answer', async (bytes) => {
    expect(await codeOf(get(bytes))).toBe('http-failed')
  })

  it('gives up on an answer that never ends, and on one that is too large', async () => {
    const slow = await rawServer((socket) => socket.write('HTTP/1.1 200 OK\r\n'))
    expect(await codeOf(httpGet({ url: slow.url, timeoutMs: 100 }))).toBe('http-timeout')
    slow.close()
    expect(await codeOf(get(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(300_000)}`))).toBe('http-too-large')
  })

  it('sends no header that would end a line', async () => {
    expect(await codeOf(httpGet({ url: 'http://127.0.0.1:1/', timeoutMs: 100, headers: { a: 'x\r\nEvil: 1' } }))).toBe(
      'http-failed',
    )
  })

  it('whatever comes back: an answer or an error of ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (tail) => {
        const result = await get(`HTTP/1.1 200 OK\r\n${tail}`, 300).catch((error: unknown) => error)
        expect(result instanceof BackflipError || typeof result === 'object').toBe(true)
        expect(result instanceof Error && !(result instanceof BackflipError)).toBe(false)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the probe', () => {
  const health = (release: Parameters<ReturnType<typeof httpProbe>['ask']>[0]['health']['release']) => ({
    path: '/h',
    timeoutMs: 500,
    release,
  })
  const ask = async (bytes: string, release: Parameters<typeof health>[0]) => {
    const server = await rawServer((socket) => socket.end(bytes))
    try {
      return await httpProbe(systemClock).ask({ url: server.url, health: health(release), expect: r(1) })
    } finally {
      server.close()
    }
  }
  const ok = (body: string, head = '') => `HTTP/1.1 200 OK\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`

  it('is good only with 200 and the right SHA in its place', async () => {
    expect(await ask(ok(`{"sha":"${r(1)}"}`), { json: 'sha' })).toMatchObject({ good: true, problem: null })
    expect(await ask(ok(`version ${r(1)} is up`), 'body')).toMatchObject({ good: true })
    expect(await ask(ok('', `X-Release: ${r(1)}\r\n`), { header: 'X-Release' })).toMatchObject({ good: true })
    expect(await ask(ok(`{"sha":"${r(2)}"}`), { json: 'sha' })).toMatchObject({ good: false, sha: r(2) })
    expect(await ask(ok('{"version":1}'), { json: 'sha' })).toMatchObject({ good: false, sha: null })
    expect(await ask(ok('not json'), { json: 'sha' })).toMatchObject({ good: false, sha: null })
    expect(await ask(`HTTP/1.1 500 No\r\n\r\n{"sha":"${r(1)}"}`, { json: 'sha' })).toMatchObject({
      good: false,
      status: 500,
    })
  })

  it('I4: a header that the edge adds proves nothing', async () => {
    expect(await ask(ok('', `X-Backflip-Release: ${r(1)}\r\n`), { header: 'X-Backflip-Release' })).toMatchObject({
      good: false,
      sha: null,
    })
  })

  it('says what was wrong when nobody listens', async () => {
    const answer = await httpProbe(systemClock).ask({ url: 'http://127.0.0.1:1', health: health('body'), expect: r(1) })
    expect(answer).toMatchObject({ good: false, status: null, problem: 'ECONNREFUSED' })
  })
})

describe('liveness', () => {
  it('believes a pid only with its start time and boot', async () => {
    const liveness = localLiveness()
    const self = await liveness.self('ann')
    expect(self).toMatchObject({ actor: 'ann', host: hostname(), pid: process.pid, bootId: bootId() })
    expect(await liveness.check(self)).toBe('alive')
    expect(await liveness.check({ ...self, processStart: '1' })).toBe('dead')
    expect(await liveness.check({ ...self, bootId: 'another boot' })).toBe('dead')
    expect(await liveness.check({ ...self, host: 'elsewhere' })).toBe('unknown')
  })

  it('sees a process die, and a stopped one live', async () => {
    const child = spawn('sleep', ['30'])
    await once(child, 'spawn')
    const pid = child.pid ?? 0
    const start = processStart(pid) ?? ''
    expect(isSameProcess(pid, start)).toBe(true)
    process.kill(pid, 'SIGSTOP')
    expect(isSameProcess(pid, start)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(isSameProcess(pid, start)).toBe(false)
    expect(processStart(pid)).toBeNull()
  })
})

const HOLDER = fileURLToPath(new URL('./lock-holder.ts', import.meta.url))

describe('the shared lock', () => {
  const lock = () => localSharedLock(folder, systemClock, localLiveness())

  it('lets one in at a time, and everybody in the end', async () => {
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 8 }, () =>
        lock().hold('reload', 5_000, async () => {
          inside += 1
          most = Math.max(most, inside)
          await systemClock.sleep(5)
          inside -= 1
        }),
      ),
    )
    expect(most).toBe(1)
  })

  it('is given back when the work fails', async () => {
    await expect(lock().hold('reload', 0, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(lock().hold('reload', 0, async () => 'in')).resolves.toBe('in')
  })

  it('names its holder when the wait is over', async () => {
    await lock().hold('reload', 0, async () => {
      await expect(lock().hold('reload', 50, async () => 0)).rejects.toMatchObject({
        code: 'shared-lock-busy',
        kind: 'held',
        details: [expect.stringContaining(`pid ${process.pid}`) as string],
      })
    })
  })

  it('is free as soon as its holder is dead, for one only', async () => {
    const child = spawn(process.execPath, [HOLDER, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    await expect(lock().hold('reload', 0, async () => 0)).rejects.toMatchObject({
      details: [expect.stringContaining(`pid ${child.pid ?? 0}`) as string],
    })
    child.kill('SIGKILL')
    await once(child, 'close')
    let inside = 0
    let entered = 0
    const enter = () =>
      lock().hold('reload', 5_000, async () => {
        inside += 1
        entered += 1
        expect(inside).toBe(1)
        await systemClock.sleep(3)
        inside -= 1
      })
    await Promise.all([enter(), enter(), enter()])
    expect(entered).toBe(3)
  })
})

describe('hooks', () => {
  const hook = (name: string, text: string, mode = 0o755) => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), mode)
  }

  it('run with the context in their environment, and absent ones do not matter', async () => {
    hook('pre-switch', `#!/bin/sh\necho "$BACKFLIP_HOOK $BACKFLIP_SHA $BACKFLIP_REASON" > seen\n`)
    const hooks = folderHooks(folder)
    await hooks.run('pre-switch', { sha: r(1), reason: '$(touch evil); ä' })
    await hooks.run('post-switch', {})
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe(`pre-switch ${r(1)} $(touch evil); ä\n`)
    expect(readdirSync(folder)).not.toContain('evil')
  })

  it('a failing one says how and what it printed; one that hangs is ended', async () => {
    hook('pre-switch', '#!/bin/sh\necho out of order >&2\nexit 3\n')
    await expect(folderHooks(folder).run('pre-switch', {})).rejects.toMatchObject({
      code: 'hook-failed',
      details: ['out of order'],
    })
    hook('pre-launch', '#!/bin/sh\nsleep 30\n')
    await expect(folderHooks(folder, 100).run('pre-launch', {})).rejects.toMatchObject({ code: 'command-timeout' })
  })

  it('one that cannot run, or that anybody may write, is refused', async () => {
    hook('pre-switch', '#!/bin/sh\n', 0o644)
    expect(await codeOf(folderHooks(folder).run('pre-switch', {}))).toBe('hook-failed')
    hook('pre-launch', '#!/bin/sh\n', 0o777)
    expect(await codeOf(folderHooks(folder).run('pre-launch', {}))).toBe('hook-failed')
  })
})
