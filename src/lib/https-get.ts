import { request } from 'node:https'
import { BackflipError } from '../domain/errors.ts'
import type { HttpAnswer, HttpAsk } from './http-get.ts'

const DEFAULT_BYTES = 256 * 1024

/** The same as `httpGet`, over TLS; loaded only when an address begins with https. Certificates are verified, always. */
export function httpsGet(ask: HttpAsk): Promise<HttpAnswer> {
  const maxBytes = ask.maxBytes ?? DEFAULT_BYTES
  return new Promise((resolve, reject) => {
    const fail = (message: string, code: string, cause?: unknown) =>
      reject(new BackflipError(message, { code, kind: 'failed', cause }))
    const signal = AbortSignal.timeout(ask.timeoutMs)
    const asked = request(ask.url, { headers: ask.headers ?? {}, agent: false, signal }, (answer) => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        chunks.push(chunk)
        if (size > maxBytes) asked.destroy(new Error(`more than ${maxBytes} bytes`))
      })
      answer.on('end', () => {
        const headers = Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [
            name,
            Array.isArray(value) ? (value.at(-1) ?? '') : (value ?? ''),
          ]),
        )
        resolve({ status: answer.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8') })
      })
      answer.on('error', (cause) => fail('the answer was cut off', 'http-failed', cause))
    })
    asked.on('error', (cause) =>
      signal.aborted
        ? fail(`no answer within ${ask.timeoutMs} ms`, 'http-timeout')
        : fail((cause as NodeJS.ErrnoException).code ?? 'the connection failed', 'http-failed', cause),
    )
    asked.end()
  })
}
