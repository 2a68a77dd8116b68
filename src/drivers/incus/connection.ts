import { Agent } from 'node:http'
import { connect as connectSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { BackflipError } from '../../domain/errors.ts'

/** Where the daemon is. `fingerprint`: SHA-256 of the server's certificate in hex; certificate and key are PEM texts. */
export type IncusPlace =
  | { readonly socket: string }
  | {
      readonly host: string
      readonly port: number
      readonly fingerprint: string
      readonly certificate: string
      readonly key: string
    }

const CONNECT_TIMEOUT_MS = 5_000
const MAX_SOCKETS = 32

/** Connections that are kept. HTTP is spoken over whatever `createConnection` gives, so TLS needs no agent of its own. */
export function incusAgent(place: IncusPlace): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: 8 })
  const open = 'socket' in place ? openSocket(place.socket) : openTls(place)
  return Object.assign(agent, { createConnection: (_options: object, done: Done) => open(done) })
}

export function placeName(place: IncusPlace): string {
  return 'socket' in place ? place.socket : `https://${place.host}:${place.port}`
}

type Done = (error: Error | null, stream?: Duplex) => void

function openSocket(path: string) {
  return (done: Done): void => {
    const socket = connectSocket(path)
    const fail = (error: Error) => done(error)
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      done(null, socket)
    })
  }
}

/**
 * The server's certificate is its own, so no authority vouches for it: the fingerprint does, and it is compared before the first byte of a
 * request leaves.
 */
function openTls(place: Exclude<IncusPlace, { socket: string }>) {
  return (done: Done): void => {
    const { host, port, certificate, key } = place
    const socket = connectTls({ host, port, cert: certificate, key, rejectUnauthorized: false, minVersion: 'TLSv1.3' })
    const timer = setTimeout(() => socket.destroy(timedOut(place)), CONNECT_TIMEOUT_MS)
    const fail = (error: Error) => {
      clearTimeout(timer)
      done(error)
    }
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      const found = socket.getPeerX509Certificate()?.fingerprint256 ?? ''
      if (normal(found) !== normal(place.fingerprint)) return socket.destroy(mismatch(place, normal(found)))
      clearTimeout(timer)
      socket.off('error', fail)
      done(null, socket)
    })
  }
}

function normal(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}

function timedOut(place: IncusPlace): BackflipError {
  return new BackflipError(`no connection to ${placeName(place)} within ${CONNECT_TIMEOUT_MS} ms`, {
    code: 'incus-down',
    kind: 'failed',
    hint: 'make Incus answer there, then: the same command',
  })
}

function mismatch(place: IncusPlace, found: string): BackflipError {
  return new BackflipError(`${placeName(place)} is not the Incus that we know: its certificate is another one`, {
    code: 'incus-wrong-certificate',
    kind: 'failed',
    details: [`it shows ${found}`],
    hint: 'on the server: incus info | grep certificate_fingerprint; when that is the new one, write it into backflip.yaml',
  })
}
