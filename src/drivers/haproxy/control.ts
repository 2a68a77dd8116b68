import type { Color } from '../../domain/color.ts'
import { isColor } from '../../domain/color.ts'
import { type EdgeState, parseEdgeState } from '../../domain/edge-state.ts'
import { BackflipError } from '../../domain/errors.ts'
import type { Transport } from '../../ports/transport.ts'
import type { Layout } from './layout.ts'
import { NO_RELEASE } from './names-file.ts'

/** What the current or a leaving worker answered on our control socket: it names itself, so that the caller can tell which. */
export interface ControlAnswer {
  readonly status: number
  readonly worker: number
  /** Null when the entry is none that we understand. */
  readonly state: EdgeState | null
  readonly configHash: string | null
  readonly names: { readonly blue: string; readonly green: string; readonly preview: string }
  readonly servers: readonly {
    readonly color: Color
    readonly component: string
    readonly up: number
    readonly total: number
  }[]
}

/** A look is bounded by 2 s altogether (I9); a write is tried again by its caller. */
export const CONTROL_TIMEOUT_MS = 1_200

export type ControlAsk =
  | { readonly path: '/'; readonly headers?: never }
  | { readonly path: '/fence' | '/flip' | '/name'; readonly headers: { readonly [name: string]: string } }

/** One HTTP request over the unix socket. Errors of the transport pass through: `socket-failed`, `socket-timeout`. */
export async function askControl(
  transport: Transport,
  { controlSocket }: Layout,
  { path, headers }: ControlAsk,
): Promise<ControlAnswer> {
  const lines = [`${headers === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`, 'host: control', 'connection: close']
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!/^[0-9A-Za-z:.-]*$/.test(value)) throw new Error(`${JSON.stringify(value)} cannot be told to the edge`)
    lines.push(`${name}: ${value}`)
  }
  if (headers !== undefined) lines.push('content-length: 0')
  const raw = await transport.askSocket(controlSocket, `${lines.join('\r\n')}\r\n\r\n`, {
    timeoutMs: CONTROL_TIMEOUT_MS,
  })
  return parseControl(raw)
}

export function parseControl(raw: string): ControlAnswer {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(raw)?.[1]
  const body = raw.slice(raw.indexOf('\r\n\r\n') + 4)
  const values = new Map<string, string>()
  const servers: ControlAnswer['servers'][number][] = []
  for (const line of body.split('\n')) {
    const equals = line.indexOf('=')
    const [key, value] = [line.slice(0, equals), line.slice(equals + 1)] as const
    if (key === 'up') servers.push(...parseUp(value))
    else values.set(key, value)
  }
  const worker = Number(values.get('pid'))
  if (status === undefined || !Number.isInteger(worker) || worker < 1) {
    throw new BackflipError('the edge answered something that is not its control answer', {
      code: 'socket-failed',
      kind: 'failed',
      details: [raw.slice(0, 200)],
    })
  }
  const name = (key: string) => values.get(key) ?? NO_RELEASE
  return {
    status: Number(status),
    worker,
    state: parseEdgeState(values.get('state') ?? ''),
    configHash: values.get('config') ?? null,
    names: { blue: name('blue'), green: name('green'), preview: name('preview') },
    servers,
  }
}

function parseUp(text: string): ControlAnswer['servers'] {
  const [color, component = '', up, total] = text.split('/')
  return isColor(color) ? [{ color, component, up: Number(up), total: Number(total) }] : []
}
