import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isNobodyThere, isSocketError } from '../../src/drivers/haproxy/master.ts'
import { execute } from '../../src/drivers/incus/exec.ts'
import { replaceFile } from '../../src/drivers/incus/find-chain.ts'
import { changeState, getState } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { runInContainer } from '../../src/drivers/incus/run-in-container.ts'
import { incusTransport } from '../../src/drivers/incus/transport.ts'
import { ensureDaemon, killDaemon, startDaemon } from './bed/daemon.ts'
import { BUSYBOX_PORT, httpText } from './http-text.ts'
import { type IncusWorld, incusWorld } from './world.ts'

const world: IncusWorld = await incusWorld()
const { bed, client } = world
const instance = parseInstanceName('deb')
const container = { client, instance }
const transport = incusTransport(container)
const FILE = '/srv/file'

beforeAll(async () => {
  await Promise.all([world.launch('deb', 'debian', 2), world.launch('web', 'busybox', 3)])
})
afterAll(() => world.end())

const text = async (path: string) => {
  const bytes = await transport.readFile(path)
  return bytes === null ? null : new TextDecoder().decode(bytes)
}
const processes = async () => (await transport.run(['ps', '-eo', 'args'], { timeoutMs: 5_000 })).stdout

/** Until the fault can be: a program that runs in the container. */
async function untilRunning(args: string): Promise<void> {
  while (!(await processes()).includes(args)) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('a command', () => {
  it('that is not there is told from one that fails', async () => {
    const run = (argv: readonly string[]) => transport.run(argv, { timeoutMs: 5_000 })
    await expect(run(['nowhere'])).rejects.toMatchObject({ code: 'command-failed' })
    await expect(run(['/etc/passwd'])).rejects.toMatchObject({ code: 'command-failed' })
    expect(await run(['sh', '-c', 'echo mine >&2; exit 127'])).toMatchObject({ exitCode: 127, stderr: 'mine\n' })
    expect(await run(['sh', '-c', 'kill -9 $$'])).toMatchObject({ exitCode: 137 })
  })

  it('and what it started are gone after their time', async () => {
    const running = transport.run(['sh', '-c', 'sleep 301 & sleep 302'], { timeoutMs: 2_000 })
    running.catch(() => undefined)
    await untilRunning('sleep 302')
    await expect(running).rejects.toMatchObject({ code: 'command-timeout' })
    expect(await processes()).not.toMatch(/sleep 30[12]/)
  })

  it('that nothing in the container limits is killed from outside', async () => {
    const running = execute(client, instance, { argv: ['sleep', '303'], stdin: '', timeoutMs: 1_500 })
    running.catch(() => undefined)
    await untilRunning('sleep 303')
    await expect(running).rejects.toMatchObject({ code: 'command-timeout' })
    expect(await processes()).not.toContain('sleep 303')
  })

  it('that talks without end is heard to the limit, and to its end', async () => {
    const argv = ['sh', '-c', 'head -c 30000000 /dev/zero; echo end >&2']
    const { stdout, stderr, exitCode } = await transport.run(argv, { timeoutMs: 20_000, maxOutputBytes: 1_000 })
    expect({ length: stdout.length, stderr, exitCode }).toEqual({ length: 1_000, stderr: 'end\n', exitCode: 0 })
  })
})

describe('a file', () => {
  it.each([0, 1, 5_000_000])('of %i bytes arrives as it is', async (size) => {
    const bytes = Buffer.alloc(size, 'backflip')
    await transport.writeFileAtomic(FILE, bytes)
    expect(Buffer.from((await transport.readFile(FILE)) ?? 'none').equals(bytes)).toBe(true)
  })

  it('whose stream is cut off changes nothing and leaves nothing', async () => {
    await transport.writeFileAtomic(FILE, 'old')
    const argv = replaceFile({ path: FILE, aside: '/srv/aside', mode: 0o600, size: 100 })
    const { stdout } = await runInContainer(container, argv, { timeoutMs: 5_000, stdin: 'only a part' })
    expect(stdout.toString()).toBe('')
    expect(await text(FILE)).toBe('old')
    expect(await transport.listFolder('/srv')).not.toContain('aside')
  })

  it('of the kernel, and one behind a link, are read too', async () => {
    expect(await text('/proc/1/comm')).toBe('systemd\n')
    expect(await text('/proc/999999/stat')).toBeNull()
    await transport.run(['ln', '-s', FILE, '/srv/link'], { timeoutMs: 5_000 })
    expect(await text('/srv/link')).toBe('old')
    await expect(transport.readFile('/srv/link', { maxBytes: 2 })).rejects.toMatchObject({ code: 'file-too-large' })
  })

  it.each(['relative', '/with/{}/inside', '/with\nbreak'])(
    'called %j is refused before anything is asked',
    async (path) => {
      await expect(transport.writeFileAtomic(path, 'x')).rejects.toMatchObject({ code: 'bad-container-path' })
    },
  )

  it('that cannot be written says why', async () => {
    await expect(transport.writeFileAtomic('/proc/file', 'x')).rejects.toMatchObject({
      code: expect.any(String) as string,
    })
    await transport.makeFolder('/srv/full/inside')
    await transport.makeFolder('/srv/other/inside')
    await expect(transport.rename('/srv/full', '/srv/other')).rejects.toMatchObject({ code: 'ENOTEMPTY' })
  })
})

describe('I9: a daemon that dies', () => {
  afterEach(() => ensureDaemon(bed))

  it('between calls: containers serve, we say that we cannot see, and go on when it is back', async () => {
    await transport.writeFileAtomic(FILE, 'before')
    await killDaemon(bed)
    await expect(transport.readFile(FILE)).rejects.toMatchObject({ code: 'incus-down' })
    const asked = await transport.askSocket('/run/x.sock', 'x\n', { timeoutMs: 500 }).catch((error: unknown) => error)
    expect(isSocketError(asked)).toBe(true)
    expect(isNobodyThere(asked)).toBe(false)
    expect(await httpText(`http://${world.address(3)}:${BUSYBOX_PORT}/`)).toBe('ok\n')
    await startDaemon(bed)
    expect(await text(FILE)).toBe('before')
    expect(await getState(client, instance)).toMatchObject({ status: 'Running' })
  })

  it('in the middle of a call: it is lost, not done and not failed', async () => {
    const running = transport.run(['sleep', '304'], { timeoutMs: 30_000 })
    running.catch(() => undefined)
    await untilRunning('sleep 304')
    await killDaemon(bed)
    await expect(running).rejects.toMatchObject({ code: 'incus-lost' })
    await startDaemon(bed)
    expect(await transport.run(['true'], { timeoutMs: 5_000 })).toMatchObject({ exitCode: 0 })
  })
})

describe('a container that is stopped', () => {
  it('is nobody there, which is an answer', async () => {
    await changeState(client, instance, 'stop', { force: true })
    const asked = await transport.askSocket('/run/x.sock', 'x\n', { timeoutMs: 500 }).catch((error: unknown) => error)
    expect(isNobodyThere(asked)).toBe(true)
    await expect(transport.run(['true'], { timeoutMs: 500 })).rejects.toMatchObject({ code: 'incus-stopped' })
  })
})
