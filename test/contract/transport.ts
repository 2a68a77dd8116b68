import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Transport } from '../../src/ports/transport.ts'

/** What every way to a host must do. The files are looked at from here: a transport to elsewhere needs a folder that both see. */
export function transportContract(name: string, make: () => Transport): void {
  describe(`${name} is a transport`, () => {
    let folder: string
    let transport: Transport
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'bf-transport-'))
      transport = make()
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))
    const at = (...parts: readonly string[]) => join(folder, ...parts)

    it('runs argv without a shell, with what it says and how it ends', async () => {
      expect(await transport.run(['printf', '%s|', '$HOME', 'a b', ';'], { timeoutMs: 5_000 })).toMatchObject({
        exitCode: 0,
        stdout: '$HOME|a b|;|',
      })
      expect(await transport.run(['sh', '-c', 'echo no >&2; exit 3'], { timeoutMs: 5_000 })).toMatchObject({
        exitCode: 3,
        stderr: 'no\n',
      })
      expect(await transport.run(['cat'], { timeoutMs: 5_000, stdin: 'in' })).toMatchObject({ stdout: 'in' })
      await expect(transport.run(['no-such-program-anywhere'], { timeoutMs: 5_000 })).rejects.toMatchObject({
        code: 'command-failed',
      })
    })

    it('ends a command, and what it started, after its time; and bounds what it keeps', async () => {
      await expect(transport.run(['sh', '-c', 'sleep 30 & sleep 30'], { timeoutMs: 100 })).rejects.toMatchObject({
        code: 'command-timeout',
      })
      const { stdout } = await transport.run(['head', '-c', '100000', '/dev/zero'], {
        timeoutMs: 5_000,
        maxOutputBytes: 1_000,
      })
      expect(stdout).toHaveLength(1_000)
    })

    it('writes a file as a whole, with its mode, and leaves nothing beside it', async () => {
      await transport.writeFileAtomic(at('a'), 'one', { mode: 0o640 })
      await transport.writeFileAtomic(at('a'), Buffer.from('two'), { mode: 0o640 })
      expect(readFileSync(at('a'), 'utf8')).toBe('two')
      expect(statSync(at('a')).mode & 0o777).toBe(0o640)
      expect(readdirSync(folder)).toEqual(['a'])
    })

    it('I7: through a folder that is gone nothing can be written', async () => {
      await transport.makeFolder(at('gen-1'))
      await transport.writeFileAtomic(at('a'), 'one', { via: at('gen-1') })
      await transport.rename(at('gen-1'), at('gen-2'))
      await expect(transport.writeFileAtomic(at('a'), 'late', { via: at('gen-1') })).rejects.toMatchObject({
        code: 'ENOENT',
      })
      expect(readFileSync(at('a'), 'utf8')).toBe('one')
      await expect(transport.rename(at('gen-1'), at('gen-3'))).rejects.toMatchObject({ code: 'ENOENT' })
      expect(await transport.listFolder(folder)).toEqual(['a', 'gen-2'])
    })

    it('says null for what is not there, and refuses what is too large', async () => {
      expect(await transport.readFile(at('none'))).toBeNull()
      expect(await transport.listFolder(at('none'))).toBeNull()
      writeFileSync(at('big'), 'x'.repeat(100))
      await expect(transport.readFile(at('big'), { maxBytes: 99 })).rejects.toMatchObject({ code: 'file-too-large' })
      await transport.remove(at('none'))
      await transport.remove(folder)
      expect(await transport.listFolder(folder)).toBeNull()
    })

    it('asks a socket within its time, and says why when it cannot', async () => {
      await expect(transport.askSocket(at('none.sock'), 'x\n', { timeoutMs: 200 })).rejects.toMatchObject({
        code: 'socket-failed',
        cause: { code: 'ENOENT' },
      })
      const sockets: Socket[] = []
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        sockets.push(socket)
        socket.on('error', () => socket.destroy())
        socket.on('data', (text) => {
          if (text.toString() === 'hello\n') socket.end('world')
        })
      })
      await new Promise<void>((resolve) => server.listen(at('s.sock'), resolve))
      expect(await transport.askSocket(at('s.sock'), 'hello\n', { timeoutMs: 1_000 })).toBe('world')
      await expect(transport.askSocket(at('s.sock'), 'silence\n', { timeoutMs: 100 })).rejects.toMatchObject({
        code: 'socket-timeout',
        kind: 'person',
      })
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
  })
}
