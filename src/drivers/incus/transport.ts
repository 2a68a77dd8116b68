import { randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { BackflipError, usageError } from '../../domain/errors.ts'
import type { Transport } from '../../ports/transport.ts'
import { askContainerSocket } from './ask-container-socket.ts'
import { pullFile } from './files.ts'
import { assertPath, inOrder, replaceFile } from './find-chain.ts'
import { type Container, runInContainer } from './run-in-container.ts'
import { systemError } from './system-errors.ts'

const DEFAULT_FILE_BYTES = 16 * 1024 * 1024
/** For a small program or a small file. */
const LIMIT_MS = 15_000
const WRITE_TRIES = 4
/** Files of the kernel have no size, and Incus sends as many bytes as the size says. */
const WITHOUT_SIZE = /^\/(proc|sys)\//

/**
 * A container, by its daemon alone: nothing of ours is installed in it. Each of these is one program there, about 11 ms on an idle host; reading
 * and listing are one plain request, about 2 ms (README.md). It needs find, mv, dd, touch, chmod, sync, rm, mkdir, head and timeout
 * (coreutils and findutils, or busybox), and socat for sockets.
 */
export function incusTransport(container: Container): Transport {
  const run: Transport['run'] = async (argv, { stdin, until, ...ask }) => {
    const input = stdin === undefined ? {} : { stdin: until === undefined ? stdin : { text: stdin, until } }
    const { exitCode, stdout, stderr } = await runInContainer(container, argv, { ...ask, ...input })
    return { exitCode, signal: null, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') }
  }
  return {
    run,
    async spawnDetached(argv) {
      throw usageError(
        `${argv[0] ?? ''} is not started in ${container.instance}: a container has a service manager for that`,
        {
          code: 'no-detached-in-container',
          hint: 'let the image’s own service run it, and write edge.mode: attached',
        },
      )
    },
    readFile: (path, ask = {}) => readFile(container, path, ask.maxBytes ?? DEFAULT_FILE_BYTES),
    async writeFileAtomic(path, bytes, ask = {}) {
      const data = Buffer.from(bytes)
      for (let tries = 1; ; tries += 1) {
        const aside = join(ask.via ?? dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`)
        for (const one of [path, aside]) assertPath(one)
        const argv = replaceFile({ path, aside, mode: ask.mode ?? 0o600, size: data.length })
        const said = await runInContainer(container, argv, { timeoutMs: LIMIT_MS, stdin: data })
        if (said.stdout.length > 0) return
        // What it said was lost on the way (exec.ts). The same bytes may be written again: through `via` not by a late writer.
        if (said.stderr.length === 0 && tries < WRITE_TRIES) continue
        throw systemError(said.stderr.toString('utf8'))
      }
    },
    async rename(from, to) {
      for (const path of [from, to]) assertPath(path)
      const folders = [...new Set([dirname(to), dirname(from)])]
      await mustPrint(container, inOrder([['mv', '-fT', from, to], ...folders.map((folder) => ['sync', folder])]))
    },
    async makeFolder(path, ask = {}) {
      assertPath(path)
      await mustSucceed(container, ['mkdir', '-p', '-m', (ask.mode ?? 0o700).toString(8), path])
    },
    async listFolder(path) {
      const view = await pullFile(container.client, container.instance, path)
      if (view === null) return null
      if (view.type === 'directory') return view.names
      throw Object.assign(new Error(`${path} is no folder`), { code: 'ENOTDIR' })
    },
    async remove(path) {
      assertPath(path)
      await mustSucceed(container, ['rm', '-rf', path])
    },
    askSocket: (path, request, ask) => askContainerSocket(container, path, request, ask),
  }
}

async function readFile(container: Container, path: string, maxBytes: number): Promise<Uint8Array | null> {
  if (!WITHOUT_SIZE.test(path)) {
    const view = await pullFile(container.client, container.instance, path, { maxBytes })
    if (view === null) return null
    if (view.type === 'directory') throw Object.assign(new Error(`${path} is a folder`), { code: 'EISDIR' })
    if (view.type === 'file') return view.bytes
  }
  return readByProgram(container, path, maxBytes)
}

/** What Incus does not read as we need it: symbolic links, which it does not follow, and files of the kernel. */
async function readByProgram(container: Container, path: string, maxBytes: number): Promise<Uint8Array | null> {
  assertPath(path)
  const argv = ['head', '-c', String(maxBytes + 1), path]
  const { exitCode, stdout, stderr } = await runInContainer(container, argv, {
    timeoutMs: LIMIT_MS,
    maxOutputBytes: maxBytes + 1,
  })
  if (stdout.length > maxBytes) {
    throw new BackflipError(`${path} has more than the ${maxBytes} bytes that are read`, {
      code: 'file-too-large',
      kind: 'failed',
    })
  }
  if (exitCode === 0) return stdout
  const error = systemError(stderr.toString('utf8'))
  if (error.code === 'ENOENT' || error.code === 'ESRCH') return null
  throw error
}

async function mustPrint(container: Container, argv: readonly string[]): Promise<void> {
  const { stdout, stderr } = await runInContainer(container, argv, { timeoutMs: LIMIT_MS })
  if (stdout.length === 0) throw systemError(stderr.toString('utf8'))
}

async function mustSucceed(container: Container, argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runInContainer(container, argv, { timeoutMs: LIMIT_MS })
  if (exitCode !== 0) throw systemError(stderr.toString('utf8'))
}
