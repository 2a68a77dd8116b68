import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from './http-clients.ts'
import { parse, whoOf } from './questions.ts'
import { now, type Who } from './record.ts'
import { openWebsocket } from './websocket-client.ts'

const RECONNECT_MS = 100
const MESSAGE_EVERY_MS = 200
/** The example sends an event every 250 ms. */
const SILENCE_MS = 5_000

/** Holds an event stream open, and opens it again when the other side ends it. */
export async function eventsClient(client: Client): Promise<void> {
  while (!client.signal.aborted) {
    await followEvents(client)
    await sleep(RECONNECT_MS)
  }
}

function followEvents({ url, record, signal }: Client): Promise<void> {
  return new Promise((resolve) => {
    let sentAt = now()
    let first: Who | null = null
    let expected = 1
    const end = (wrong: string) => {
      if (!signal.aborted)
        record({ kind: first === null ? 'events' : 'events-end', sentAt, doneAt: now(), who: first, wrong })
      asking.destroy()
      resolve()
    }
    const onEvent = (text: string) => {
      const said = parse(text)
      const who = said === null ? null : whoOf(said)
      const isSame = first === null || (who?.sha === first.sha && who.color === first.color)
      const wrong = who === null || !isSame || said?.n !== expected ? 'not the next event of this stream' : null
      record({ kind: first === null ? 'events' : 'event', sentAt, doneAt: now(), who, wrong })
      first ??= who
      expected += 1
      sentAt = now()
    }
    const asking = request(
      { host: url.hostname, port: url.port, path: '/events', agent: false, timeout: SILENCE_MS, signal },
      (answer) => {
        if (answer.statusCode !== 200) return end(`status ${answer.statusCode}`)
        let rest = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          const parts = (rest + chunk).split('\n\n')
          rest = parts.pop() ?? ''
          for (const part of parts) onEvent(part.replace(/^data: /, ''))
        })
        answer.on('end', () => end('ended'))
        answer.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
      },
    )
    asking.on('timeout', () => end('silent'))
    asking.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
    asking.end()
  })
}

/** Holds a websocket open, sends a text every 200 ms and checks its echo. */
export async function socketClient(client: Client): Promise<void> {
  while (!client.signal.aborted) {
    await talk(client)
    await sleep(RECONNECT_MS)
  }
}

async function talk({ url, record, signal }: Client): Promise<void> {
  let sentAt = now()
  let first: Who | null = null
  let isOpen = false
  try {
    const socket = await openWebsocket(url, '/ws', signal)
    isOpen = true
    for (let turn = 1; !signal.aborted; turn += 1) {
      if (first !== null) sentAt = now()
      const text = `message ${turn}`
      const said = parse(await socket.ask(text))
      const who = said === null ? null : whoOf(said)
      const isSame = first === null || (who?.sha === first.sha && who.color === first.color)
      const wrong = who === null || !isSame || said?.echo !== text ? 'not the echo of this message' : null
      record({ kind: first === null ? 'socket' : 'message', sentAt, doneAt: now(), who, wrong })
      first ??= who
      await sleep(MESSAGE_EVERY_MS)
    }
    socket.close()
  } catch (error) {
    if (signal.aborted) return
    const { code, message } = error as NodeJS.ErrnoException
    const kind = isOpen && first !== null ? 'socket-end' : 'socket'
    record({ kind, sentAt, doneAt: now(), who: first, wrong: code ?? message })
  }
}
