import { type Lsn, parseLsn, walBytesBetween } from '../../src/domain/data/lsn.ts'
import { BackflipError, refusal } from '../../src/domain/errors.ts'
import type { OperationId } from '../../src/domain/ids.ts'
import { sha256Hex } from '../../src/lib/sha256.ts'
import type {
  Database,
  DatabaseFacts,
  DatabaseMark,
  DataLoss,
  TableCounters,
  TableLoss,
  Verification,
} from '../../src/ports/database.ts'
import type { Shortcoming } from '../../src/ports/shortcoming.ts'

interface Change {
  readonly lsn: Lsn
  readonly at: string
  readonly rows: readonly { readonly table: string; readonly change: 'inserted' | 'updated' | 'deleted' }[]
}

/** A server as the engine's simulator sees it: rows, counters, a log of commits. Plain data: `structuredClone` of it is an atomic copy. */
export interface FakeServer {
  readonly systemId: string
  timeline: number
  isRunning: boolean
  isClosed: boolean
  position: number
  xid: number
  /** Table → id → content. */
  readonly tables: Map<string, Map<number, string>>
  readonly counters: Map<string, TableCounters>
  readonly markers: Map<string, string>
  readonly log: Change[]
  sessions: number
  /** Ids of rows that an index has lost: what `verify` must see. */
  readonly torn: Set<number>
  schema: string
  /** SQL that was run, for tests to look at. */
  readonly ran: string[]
  readonly shortcomings: Shortcoming[]
  /** By the name of a restore point: what the log leads to. */
  readonly points: Map<string, FakeServer>
  /** By operation: what was recovered beside the data; null while it is not whole. On the same disk, so in every copy of it. */
  readonly beside: Map<OperationId, FakeServer | null>
}

export function fakeServer(systemId = '7000000000000000001'): FakeServer {
  return {
    systemId,
    timeline: 1,
    isRunning: true,
    isClosed: false,
    position: 0x1000000,
    xid: 700,
    tables: new Map([['public.orders', new Map()]]),
    counters: new Map(),
    markers: new Map(),
    log: [],
    sessions: 0,
    torn: new Set(),
    schema: '0001',
    ran: [],
    shortcomings: [],
    points: new Map(),
    beside: new Map(),
  }
}

export type FakeWrite = (id: number) => string | null

/** One transaction of the app's on one table: each id gets what `write` says, or goes. */
export function writeFake(server: FakeServer, table: string, ids: readonly number[], write: FakeWrite): void {
  answer(server)
  if (server.isClosed) throw new Error('too many connections for database')
  const rows = server.tables.get(table) ?? new Map<number, string>()
  server.tables.set(table, rows)
  const changes = ids.flatMap((id) => {
    const [before, after] = [rows.get(id), write(id)]
    if (after === null ? !rows.delete(id) : !rows.set(id, after)) return []
    const change = after === null ? 'deleted' : before === undefined ? 'inserted' : 'updated'
    return [{ table, change } as const]
  })
  commit(server, changes)
}

function commit(server: FakeServer, rows: Change['rows']): void {
  server.xid++
  server.position += 64 * (1 + rows.length)
  server.log.push({ lsn: lsnOf(server), at: stamp(server), rows })
  for (const { table, change } of rows) {
    const old = server.counters.get(table) ?? countersOf(table)
    server.counters.set(table, { ...old, [change]: old[change] + 1 })
  }
}

/** `call` lets a simulator put its faults around every question. */
export function fakeDatabase(
  server: FakeServer,
  call: <T>(name: string, work: () => T) => Promise<T> = async (_name, work) => work(),
): Database {
  const ask = <T>(name: string, work: () => T) =>
    call(`database.${name}`, () => {
      answer(server)
      return work()
    })
  return {
    facts: () => ask('facts', () => factsOf(server)),
    shortcomings: () => ask('shortcomings', () => server.shortcomings),
    checkpoint: () => ask('checkpoint', () => undefined),
    restorePoint: (name) => ask('restorePoint', () => pointNow(server, name)),
    mark: (name) => ask('mark', () => markNow(server, name)),
    hasMarker: (name) => ask('hasMarker', () => server.markers.has(name)),
    lossSince: (mark, { from } = {}) => ask('lossSince', () => lossOf(server, mark, from ?? mark.facts.walLsn)),
    connections: () =>
      ask('connections', () =>
        Array.from({ length: server.sessions }, (_, index) => ({
          pid: 100 + index,
          database: 'shop',
          user: 'app',
          application: 'app',
          address: null,
          state: 'idle',
          since: stamp(server),
          isSuperuser: false,
        })),
      ),
    writers: () => ask('writers', () => ({ state: server.isClosed ? 'stopped' : 'allowed', remaining: [] })),
    stopWriters: () => ask('stopWriters', () => void Object.assign(server, { isClosed: true, sessions: 0 })),
    allowWriters: () => ask('allowWriters', () => void Object.assign(server, { isClosed: false })),
    verify: (mark, { forkAbove = null } = {}) =>
      ask('verify', () => {
        const proof = verifyNow(server, mark)
        if (forkAbove !== null && proof.isVerified) fork(server, forkAbove)
        return proof
      }),
    readSql: (text) => ({
      statements: text.split(';').length - 1,
      becauseOf: text.includes('CONCURRENTLY') ? 'it says CONCURRENTLY' : null,
    }),
    runSql: (request) => runSql(server, ask, request),
    // Its statements are PostgreSQL's own: proved on a real one.
    askedStatements: async () => ({ statements: [], thrownOut: 0 }),
    backfill: () => Promise.reject(new Error('the fake database runs no backfill')),
    tables: () => ask('tables', () => [...server.tables.keys()].map((name) => ({ name, columns: ['id', 'what'] }))),
    async *rows({ table, withValues }) {
      answer(server)
      const rows = [...(server.tables.get(table) ?? [])].map(([id, what]) => ({
        hash: sha256Hex(`${id}\n${what}`),
        values: withValues ? [String(id), what] : [],
      }))
      yield* rows.toSorted((a, b) => (a.hash < b.hash ? -1 : 1))
    },
    forkTimeline: ({ above }) => ask('forkTimeline', () => ({ timeline: fork(server, above) })),
    waitUntilReady: () => ask('waitUntilReady', () => undefined),
    stop: () => call('database.stop', () => void Object.assign(server, { isRunning: false })),
    start: () => call('database.start', () => void Object.assign(server, { isRunning: true })),
  }
}

type Ask = <T>(name: string, work: () => T) => Promise<T>

/** Without one transaction the file is done before its marker is there. */
async function runSql(
  server: FakeServer,
  ask: Ask,
  { text, marker }: Parameters<Database['runSql']>[0],
): ReturnType<Database['runSql']> {
  const becauseOf = text.includes('CONCURRENTLY') ? 'it says CONCURRENTLY' : null
  const run = () => {
    if (server.markers.has(marker)) throw new Error(`the marker ${marker} is there already`)
    server.ran.push(text)
    commit(server, [])
  }
  const say = () => void server.markers.set(marker, marker)
  const both = () => {
    run()
    say()
  }
  await ask('runSql', becauseOf === null ? both : run)
  if (becauseOf !== null) await ask('runSql marker', say)
  return { sha256: sha256Hex(text), isOneTransaction: becauseOf === null, becauseOf, statements: [], notices: [] }
}

/** A copy taken at one moment. Its sessions stay behind; it starts by itself. */
export function copyOf(server: FakeServer): FakeServer {
  return { ...structuredClone(server), sessions: 0, isRunning: true }
}

function answer({ isRunning }: FakeServer): void {
  if (isRunning) return
  throw new BackflipError('shop does not answer', { code: 'database-unreachable', kind: 'failed' })
}

function markNow(server: FakeServer, name: string): DatabaseMark {
  const logFrom = lsnOf(server)
  commit(server, [])
  const at = stamp(server)
  server.markers.set(name, at)
  return { name, at, xid: server.xid, logFrom, facts: factsOf(server) }
}

/** The first of a name is the one that recovery finds. */
function pointNow(server: FakeServer, name: string): Lsn {
  server.position += 64
  const then = { ...server, points: new Map(), beside: new Map() }
  if (!server.points.has(name)) server.points.set(name, structuredClone(then))
  return lsnOf(server)
}

function lossOf(server: FakeServer, mark: DatabaseMark, from: Lsn): DataLoss {
  if (server.systemId !== mark.facts.systemId || server.markers.get(mark.name) !== mark.at) {
    throw refusal(`the mark ${mark.name} was not made here`, { code: 'database-mark-unknown' })
  }
  const lost = server.log.filter(({ lsn }) => walBytesBetween(from, lsn) > 0)
  const written = lost.filter(({ rows }) => rows.length > 0)
  const tables = new Map<string, TableLoss>()
  for (const { table, change } of written.flatMap(({ rows }) => rows)) {
    const old = tables.get(table) ?? { database: 'shop', name: table, inserted: 0, updated: 0, deleted: 0 }
    tables.set(table, { ...old, [change]: old[change] + 1 })
  }
  return {
    since: from,
    until: lsnOf(server),
    walBytes: walBytesBetween(from, lsnOf(server)),
    transactions: written.length,
    commits: lost.length,
    xids: server.xid - mark.xid,
    tables: [...tables.values()],
    lastWriteAt: written.at(-1)?.at ?? null,
    source: 'log',
    isExact: true,
    bound: 'exact',
    reservations: [],
  }
}

function fork(server: FakeServer, above: number): number {
  server.timeline = Math.max(server.timeline, above) + 1
  return server.timeline
}

function verifyNow(server: FakeServer, { name, at, facts }: DatabaseMark): Verification {
  const say = (check: 'system-id' | 'marker' | 'schema' | 'structure', isRight: boolean) => ({
    name: check,
    result: isRight ? ('passed' as const) : ('failed' as const),
    detail: check,
    durationMs: 0,
  })
  const checks = [
    say('system-id', server.systemId === facts.systemId),
    say('marker', server.markers.get(name) === at),
    say('schema', server.schema === facts.schemaVersion),
    say('structure', server.torn.size === 0),
  ]
  return { isVerified: checks.every(({ result }) => result === 'passed'), checks, recoveredTo: lsnOf(server) }
}

function factsOf(server: FakeServer): DatabaseFacts {
  return {
    systemId: server.systemId,
    timeline: server.timeline,
    version: '15.0',
    walLsn: lsnOf(server),
    nextXid: server.xid + 1,
    schemaVersion: server.schema,
    schemaFingerprint: sha256Hex(server.schema),
    tables: [...server.tables.keys()].map((name) => server.counters.get(name) ?? countersOf(name)),
    tablesLeftOut: 0,
    extensions: [],
    hasDataChecksums: true,
    countersSince: '',
    replicas: [],
    slots: [],
    openConnections: server.sessions,
    unloggedTables: [],
    isInRecovery: false,
    walKeptBytes: 0,
    sizeBytes: server.position,
  }
}

function countersOf(name: string): TableCounters {
  return { database: 'shop', name, fileNode: 16_384, inserted: 0, updated: 0, deleted: 0, liveRows: 0 }
}

export function lsnOf({ position }: Pick<FakeServer, 'position'>): Lsn {
  return parseLsn(`0/${position.toString(16)}`)
}

/** Time goes on with the log: no two commits at once. */
function stamp({ position }: FakeServer): string {
  return new Date(Date.UTC(2026, 0, 1) + position).toISOString()
}
