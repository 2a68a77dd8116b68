import { Worker } from 'node:worker_threads'
import { BackflipError } from '../../domain/errors.ts'
import { untilInterrupted } from './interrupt.ts'
import type { PgliteAnswer, PgliteAsk, PgliteStart } from './pglite-worker.ts'
import type { Session } from './session.ts'

/** PostgreSQL as WebAssembly, in a thread of ours: it ends with us, and can be ended while a statement runs. */
export interface Pglite {
  /** All of them are one session of the server; `end` leaves it. The limit ends the whole database, because nothing else interrupts a statement. */
  readonly session: (statementTimeoutMs: number) => Session
  /** The data folder as a tar file, for `startPglite`. */
  readonly dump: () => Promise<Uint8Array>
  readonly end: () => Promise<void>
}

export interface PgliteAskToStart extends PgliteStart {
  /** The thread's program: `pglite-worker.ts`, or what is built of it. */
  readonly entry: string
  readonly signal: AbortSignal
}

/** `initdb` included. */
const START_MS = 120_000
const DUMP_MS = 60_000
const MAX_SHOWN_CHARS = 100

/** Errors `shadow-failed` (kind `failed`) when it does not start, or ends by itself, and `interrupted`. */
export async function startPglite({ entry, signal, ...start }: PgliteAskToStart): Promise<Pglite> {
  const worker = new Worker(entry, { workerData: start })
  const ask = asker(worker)
  const rowsWithin = async (sql: string, limitMs: number, late = tooLong(sql, limitMs)) => {
    const answer = await untilInterrupted(signal, () => ask({ sql }, limitMs, late))
    return 'rows' in answer ? answer.rows : []
  }
  try {
    const notStarted = failed('PGlite does not start', [])
    const [[pid] = []] = await rowsWithin('SELECT pg_catalog.pg_backend_pid()', START_MS, notStarted)
    return {
      session: (limitMs) => ({
        pid: Number(pid),
        rows: (sql) => rowsWithin(sql, limitMs),
        end: async () => undefined,
      }),
      async dump() {
        const answer = await ask({ dump: true }, DUMP_MS, failed('PGlite does not write its data', []))
        return 'dump' in answer ? answer.dump : new Uint8Array()
      },
      async end() {
        await worker.terminate()
      },
    }
  } catch (error) {
    await worker.terminate()
    throw error
  }
}

type Asked = { readonly sql: string } | { readonly dump: true }

/** One question, one answer. The thread is ended where an answer takes longer than its limit, and gives none from then on. */
function asker(worker: Worker) {
  const waiting = new Map<number, (answer: PgliteAnswer | BackflipError) => void>()
  let over: BackflipError | null = null
  const end = (error: BackflipError) => {
    over ??= error
    for (const settle of waiting.values()) settle(error)
    waiting.clear()
  }
  worker.on('message', (answer: PgliteAnswer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  worker.on('error', (cause) => end(failed('PGlite failed', [String(cause)])))
  worker.on('exit', () => end(failed('PGlite has ended', [])))
  let asked = 0
  return async (what: Asked, limitMs: number, late: BackflipError) => {
    if (over !== null) throw over
    asked += 1
    const id = asked
    const answer = await new Promise<PgliteAnswer>((resolve, reject) => {
      const timer = setTimeout(() => {
        end(late)
        void worker.terminate()
      }, limitMs)
      waiting.set(id, (settled) => {
        clearTimeout(timer)
        if (settled instanceof BackflipError) reject(settled)
        else resolve(settled)
      })
      worker.postMessage({ id, ...what } satisfies PgliteAsk)
    })
    if (!('failure' in answer)) return answer
    const { code, message } = answer.failure
    // What the server said has its SQLSTATE, as from `pg`.
    if (code !== null) throw Object.assign(new Error(message), { code })
    throw failed('PGlite failed', [message])
  }
}

function failed(message: string, details: readonly string[]): BackflipError {
  return new BackflipError(message, {
    code: 'shadow-failed',
    kind: 'failed',
    details,
    hint: 'a server does it better: apt-get install postgresql',
  })
}

function tooLong(sql: string, limitMs: number): BackflipError {
  const text = sql.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_SHOWN_CHARS)
  return failed(`a statement took longer than ${limitMs} ms, and PGlite cannot interrupt one`, [text])
}
