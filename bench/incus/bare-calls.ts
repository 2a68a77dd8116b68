import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { replaceFile } from '../../src/drivers/incus/find-chain.ts'
import { agentOf, bareExec, json } from './bare-exec.ts'

interface Reply {
  readonly type: string
  readonly operation?: string
  readonly error?: string
  readonly metadata?: { readonly status_code?: number; readonly err?: string }
}

/** Incus' API as a script uses it: each call awaited, its success looked at, and nothing else. */
export function bareCalls({ socket, project }: { readonly socket: string; readonly project: string }) {
  const agent = agentOf(socket)
  const at = (path: string) => `/1.0${path}${path.includes('?') ? '&' : '?'}project=${project}`

  async function call(method: string, path: string, body?: unknown): Promise<void> {
    const reply = (await json(agent, method, at(path), body === undefined ? undefined : JSON.stringify(body))) as Reply
    const id = reply.operation?.replace(/^\/1\.0|\?.*$/g, '')
    const ended = id === undefined || id === '' ? reply : ((await json(agent, 'GET', at(`${id}/wait`))) as Reply)
    const error = ended.error ?? ended.metadata?.err ?? ''
    if (ended.type === 'error' || error !== '') throw new Error(`${method} ${path}: ${error}`)
  }
  const runIn = async (instance: string, argv: readonly string[], stdin: string | Buffer = '') => {
    const { code, stdout } = await bareExec({ socket, project, instance, argv, stdin })
    if (code !== 0) throw new Error(`${argv.join(' ')} in ${instance} ended with ${code}`)
    return stdout.toString('utf8')
  }

  return {
    call,
    runIn,
    push: async (instance: string, path: string, text: string): Promise<void> => {
      const headers = { 'content-type': 'application/octet-stream', 'x-incus-type': 'file', 'x-incus-mode': '0600' }
      const reply = (await json(agent, 'POST', at(`/instances/${instance}/files?path=${path}`), text, headers)) as Reply
      if (reply.type === 'error') throw new Error(`push ${path}: ${reply.error ?? ''}`)
    },
    /** A small file that holds JSON; throws when it is not there. */
    pull: async (instance: string, path: string): Promise<unknown> => {
      const reply = await json(agent, 'GET', at(`/instances/${instance}/files?path=${path}`))
      if ((reply as Reply | null)?.type === 'error') throw new Error(`${path} is not there`)
      return reply
    },
    ask: (instance: string, path: string, text: string) =>
      runIn(instance, ['socat', '-t', '30', '-', `UNIX-CONNECT:${path}`], text),
    async replace(instance: string, path: string, text: string): Promise<void> {
      const aside = `${path}.${randomBytes(8).toString('hex')}`
      const done = await runIn(instance, replaceFile({ path, aside, mode: 0o640, size: Buffer.byteLength(text) }), text)
      if (done.trim() !== aside) throw new Error(`${path} was not written`)
    },
    close: () => agent.destroy(),
  }
}
export type BareCalls = ReturnType<typeof bareCalls>

/** Until it does not throw. */
export async function retry<T>(work: () => Promise<T>, pauseMs: number, tries = 600): Promise<T> {
  for (let n = 1; ; n += 1) {
    try {
      return await work()
    } catch (error) {
      if (n >= tries) throw error
      await wait(pauseMs)
    }
  }
}
