import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { WebSocket } from 'ws'

interface Ask {
  readonly socket: string
  readonly project: string
  readonly instance: string
  readonly argv: readonly string[]
  readonly stdin: string
}

interface Reply {
  readonly operation: string
  readonly metadata: { readonly metadata: { readonly fds: { readonly [fd: string]: string } } }
}

/** A command in a container with as little as the API allows: one POST, three websockets, one wait. No limits and no errors. */
export async function bareExec({ socket, project, instance, argv, stdin }: Ask): Promise<Buffer> {
  const agent = agentOf(socket)
  const body = JSON.stringify({ command: argv, 'wait-for-websocket': true, interactive: false })
  const { operation, metadata } = (await json(
    agent,
    'POST',
    `/1.0/instances/${instance}/exec?project=${project}`,
    body,
  )) as Reply
  const path = operation.split('?')[0] ?? ''
  const ended = json(agent, 'GET', `${path}/wait?project=${project}`)
  const [input, output] = ['0', '1', '2'].map((fd) => {
    const secret = metadata.metadata.fds[fd] ?? ''
    return new WebSocket(`ws+unix://${socket}:${path}/websocket?secret=${secret}&project=${project}`)
  })
  const chunks: Buffer[] = []
  const said = new Promise<void>((resolve) => {
    // An empty text frame ends a stream.
    output?.on('message', (data: Buffer, isBinary: boolean) => (isBinary ? chunks.push(data) : resolve()))
  })
  await new Promise((resolve) => input?.once('open', resolve))
  input?.send(Buffer.from(stdin))
  input?.send('', { binary: false })
  await Promise.all([ended, said])
  return Buffer.concat(chunks)
}

const agents = new Map<string, Agent>()

function agentOf(socket: string): Agent {
  const known = agents.get(socket)
  if (known !== undefined) return known
  const agent = Object.assign(new Agent({ keepAlive: true }), { createConnection: () => connect(socket) })
  agents.set(socket, agent)
  return agent
}

function json(agent: Agent, method: string, path: string, body?: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const outgoing = request({ agent, method, path, headers: { host: 'incus', ...headers } }, (incoming) => {
      let text = ''
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
      incoming.on('end', () => resolve(JSON.parse(text)))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
