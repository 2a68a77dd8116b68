import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Question, shortQuestion, slowQuestion } from './questions.ts'
import { type Kind, now, type TrafficRecord } from './record.ts'

const LIMIT_MS = 15_000
const MAX_BODY_BYTES = 1_000_000
/** Between two slow requests, and after a failure, so that a dead edge is not asked in a tight circle. */
const REST_MS = 50

export interface Client {
  readonly url: URL
  readonly record: (record: TrafficRecord) => void
  readonly signal: AbortSignal
}

/** One connection that is used again and again, a request every `everyMs`, as far as the answers keep up. */
export async function keepAliveClient(client: Client, everyMs: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    await askInTurn(client, 'keep-alive', everyMs, agent)
  } finally {
    agent.destroy()
  }
}

/** A new connection for every request. */
export async function freshClient(client: Client, everyMs: number): Promise<void> {
  await askInTurn(client, 'fresh', everyMs, false)
}

/** One three-second request after the other: there is always one in flight when a flip comes. */
export async function slowClient(client: Client): Promise<void> {
  while (!client.signal.aborted) {
    await askAndRecord(client, 'slow', slowQuestion(), false)
    await sleep(REST_MS)
  }
}

async function askInTurn(client: Client, kind: Kind, everyMs: number, agent: Agent | false): Promise<void> {
  let due = now() + Math.random() * everyMs
  for (let turn = 0; !client.signal.aborted; turn += 1) {
    await sleep(Math.max(0, due - now()))
    // Never catch up in a burst: what is late is left out.
    due = Math.max(due + everyMs, now())
    const isGood = await askAndRecord(client, kind, shortQuestion(turn), agent)
    if (!isGood) await sleep(REST_MS)
  }
}

async function askAndRecord(client: Client, kind: Kind, question: Question, agent: Agent | false): Promise<boolean> {
  const sentAt = now()
  try {
    const { who, wrong } = question.check(await ask(client.url, question, agent))
    client.record({ kind, sentAt, doneAt: now(), who, wrong })
    return wrong === null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    client.record({ kind, sentAt, doneAt: now(), who: null, wrong: code ?? message })
    return false
  }
}

function ask(url: URL, { method, path, body }: Question, agent: Agent | false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === null ? {} : { 'content-type': 'application/json', 'content-length': body.length }
    const asking = request(
      { host: url.hostname, port: url.port, method, path, agent, headers, timeout: LIMIT_MS },
      (answer) => {
        const chunks: Buffer[] = []
        let size = 0
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size <= MAX_BODY_BYTES) chunks.push(chunk)
        })
        answer.on('error', reject)
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            contentLength: answer.headers['content-length'],
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')))
    asking.on('error', reject)
    asking.end(body ?? undefined)
  })
}
