import { LOCK_MODES, type LockMode, strongerLock } from '../../domain/lock-mode.ts'
import type { ShadowStatement, StatementEffect } from '../../ports/shadow.ts'
import type { Session } from './session.ts'

/** Looks at what a statement did to relations that were there before. */
export interface Watch {
  /** `inTransaction`: its locks are still held. */
  readonly effectOf: (statement: ShadowStatement, inTransaction: boolean) => Promise<StatementEffect>
}

interface Known {
  readonly name: string
  readonly kind: string
}

const RELATIONS = `SELECT c.oid, format('%I.%I', n.nspname, c.relname), c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'i', 'I')`

/** The working session sees its own uncommitted files and counters; nobody else does. */
const STATE = `SELECT oid, pg_relation_filenode(oid), pg_stat_get_xact_tuples_returned(oid) FROM pg_class WHERE oid = ANY ('{OIDS}'::oid[])
  AND relkind IN ('r', 'm', 'i')`

/**
 * Locks are read by a second session, while the transaction that took them is open: from the first one, the look would add its own. Strongest
 * mode per relation; what the migration itself created is nobody's to wait for.
 */
export async function watchRelations(
  worker: Session,
  onlooker: Session,
  rowsOf: ReadonlyMap<string, number>,
): Promise<Watch> {
  const known = new Map<string, Known>()
  for (const [oid, name, kind] of await worker.rows(RELATIONS))
    known.set(oid ?? '', { name: name ?? '', kind: kind ?? '' })
  const state = STATE.replace('OIDS', [...known.keys()].join(','))
  let last = await readState(worker, state)
  return {
    async effectOf({ line }, inTransaction) {
      const locks = inTransaction ? await locksOf(onlooker, worker.pid, known) : []
      const now = await readState(worker, state)
      const rewrites: string[] = []
      const scans: { relation: string; rows: number }[] = []
      for (const [oid, { file, returned }] of now) {
        const before = last.get(oid)
        const { name = '', kind } = known.get(oid) ?? {}
        if (before !== undefined && before.file !== file && kind !== 'i') rewrites.push(name)
        const rows = rowsOf.get(name) ?? 0
        // Counters begin anew with each transaction.
        const read = returned - (before !== undefined && before.returned <= returned ? before.returned : 0)
        if (kind === 'r' && rows > 0 && read >= rows) scans.push({ relation: name, rows })
      }
      last = now
      return { line, locks, rewrites, scans, isSeen: inTransaction }
    },
  }
}

type State = ReadonlyMap<string, { readonly file: string | null; readonly returned: number }>

async function readState(worker: Session, sql: string): Promise<State> {
  const rows = await worker.rows(sql)
  return new Map(rows.map(([oid, file, returned]) => [oid ?? '', { file: file ?? null, returned: Number(returned) }]))
}

async function locksOf(
  onlooker: Session,
  pid: number,
  known: ReadonlyMap<string, Known>,
): Promise<StatementEffect['locks']> {
  const rows = await onlooker.rows(
    `SELECT relation, mode FROM pg_locks WHERE pid = ${pid} AND locktype = 'relation' AND granted AND database <> 0`,
  )
  const strongest = new Map<string, LockMode>()
  for (const [oid, mode] of rows) {
    const relation = known.get(oid ?? '')
    const held = LOCK_MODES.find((one) => mode === `${one}Lock`)
    if (relation === undefined || held === undefined) continue
    strongest.set(relation.name, strongerLock(strongest.get(relation.name), held))
  }
  return [...strongest]
    .map(([relation, mode]) => ({ relation, mode }))
    .sort((a, b) => (a.relation < b.relation ? -1 : 1))
}
