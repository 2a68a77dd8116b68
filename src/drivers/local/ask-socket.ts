import { connect } from 'node:net'
import { BackflipError } from '../../domain/errors.ts'

const DEFAULT_BYTES = 4 * 1024 * 1024

/**
 * One question, one answer, one connection. A stopped process accepts and never replies (research/haproxy.md §7), so the bound is on the
 * whole exchange. Error `socket-failed` keeps the system's code in its cause; `socket-timeout` (kind `person`) means "unknown".
 */
export function askSocket(
  path: string,
  request: string,
  ask: { readonly timeoutMs: number; readonly maxBytes?: number },
): Promise<string> {
  const maxBytes = ask.maxBytes ?? DEFAULT_BYTES
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const chunks: Buffer[] = []
    let size = 0
    const timer = setTimeout(() => {
      socket.destroy()
      reject(
        new BackflipError(`${path} did not answer within ${ask.timeoutMs} ms`, {
          code: 'socket-timeout',
          kind: 'person',
          hint: 'look at what should listen there: backflip doctor',
        }),
      )
    }, ask.timeoutMs)
    socket.on('connect', () => socket.end(request))
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size > maxBytes) socket.destroy(new Error(`more than ${maxBytes} bytes`))
    })
    socket.on('error', (cause) => {
      clearTimeout(timer)
      reject(new BackflipError(`${path} cannot be asked`, { code: 'socket-failed', kind: 'failed', cause }))
    })
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(chunks).toString('utf8'))
    })
  })
}
