import type { DatabaseSync, StatementSync } from 'node:sqlite'

const SQL = {
  begin: 'begin immediate',
  commit: 'commit',
  rollback: 'rollback',
  id: 'select id from journal',
  head: 'select seq, hash from entries order by seq desc limit 1',
  insert:
    'insert into entries (seq, at, token, operation, actor, kind, fact, previous, hash) values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  lease: 'select last_token, current, heartbeats from lease',
  setLease: 'update lease set last_token = ?, current = ?, heartbeats = 0',
  beat: 'update lease set heartbeats = heartbeats + 1',
  checkpoint: 'select seq, state from checkpoints where version = ?',
  setCheckpoint:
    'insert into checkpoints (version, seq, state) values (?, ?, ?) on conflict (version) do update set seq = excluded.seq, state = excluded.state',
} as const

export type Statements = { readonly [name in keyof typeof SQL]: StatementSync }

/** Prepared once per process. */
export function prepareStatements(database: DatabaseSync): Statements {
  const prepared = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])
  return Object.fromEntries(prepared) as Statements
}
