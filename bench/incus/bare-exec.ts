import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { WebSocket } from 'ws'

interface Ask {
  readonly socket: string
  readonly project: string
  readonly instance: string
  readonly argv: readonly string[]
  readonly stdin: string | Buffer
}

interface Reply {
  readonly operation: string
  readonly metadata: { readonly metadata: { readonly fds: { readonly [fd: string]: string } } } | null
  readonly error?: string
}

interface Ended {
  readonly error?: string
  readonly metadata: { readonly metadata?: { readonly return?: number } | null } | null
}

/** A command in a container with as little as the API allows: one POST, three websockets, one wait. No limits. */
export async function bareExec(ask: Ask): Promise<{ readonly code: number; readonly stdout: Buffer }> {
  const { socket, project, instance, argv, stdin } = ask
  const agent = agentOf(socket)
  const body = JSON.stringify({ command: argv, 'wait-for-websocket': true, interactive: false })
  const reply = (await json(agent, 'POST', `/1.0/instances/${instance}/exec?project=${project}`, body)) as Reply
  const { operation, metadata, error: refusal } = reply
  if (metadata === null) throw new Error(`${argv[0] ?? ''} in ${instance}: ${refusal ?? 'refused'}`)
  const path = operation.split('?')[0] ?? ''
  const ended = json(agent, 'GET', `${path}/wait?project=${project}`) as Promise<Ended>
  const [input, output] = ['0', '1', '2'].map((fd) => {
    const secret = metadata.metadata.fds[fd] ?? ''
    const channel = new WebSocket(`ws+unix://${socket}:${path}/websocket?secret=${secret}&project=${project}`)
    // How the operation ended says it.
    channel.on('error', () => undefined)
    return channel
  })
  const chunks: Buffer[] = []
  const said = new Promise<void>((resolve) => {
    // An empty text frame ends a stream.
    output?.on('message', (data: Buffer, isBinary: boolean) => (isBinary ? chunks.push(data) : resolve()))
    output?.once('close', resolve)
  })
  await Promise.race([new Promise((resolve) => input?.once('open', resolve)), ended])
  if (input?.readyState === WebSocket.OPEN) {
    if (stdin.length > 0) input.send(Buffer.from(stdin), () => undefined)
    input.send('', { binary: false }, () => undefined)
  }
  const { error, metadata: result } = await ended
  const code = result?.metadata?.return
  if (code === undefined) throw new Error(`${argv[0] ?? ''} in ${instance}: ${error ?? 'nobody knows how it ended'}`)
  await said
  return { code, stdout: Buffer.concat(chunks) }
}

const agents = new Map<string, Agent>()

export function agentOf(socket: string): Agent {
  const known = agents.get(socket)
  if (known !== undefined) return known
  const agent = Object.assign(new Agent({ keepAlive: true }), { createConnection: () => connect(socket) })
  agents.set(socket, agent)
  return agent
}

export function json(
  agent: Agent,
  method: string,
  path: string,
  body?: string,
  more: { readonly [name: string]: string } = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? more : { ...more, 'content-length': Buffer.byteLength(body) }
    const outgoing = request({ agent, method, path, headers: { host: 'incus', ...headers } }, (incoming) => {
      let text = ''
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
      incoming.on('end', () => resolve(JSON.parse(text)))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
