import { HEADLINES } from '../../domain/journal.ts'

/** The database's shape. A newer one is refused, an older one is brought here by the statements between. Readable with the sqlite3 shell. */
export const SCHEMA_VERSION = 1

/** A partial index over them, so that a million other entries do not matter to the first page of the history. */
export const HEADLINE_KINDS: ReadonlySet<string> = new Set(HEADLINES)

export const CREATE_SCHEMA = `
create table journal (
  id text not null,
  app text not null,
  environment text not null,
  created_at text not null
) strict;
create table entries (
  seq integer primary key,
  at text not null,
  token integer not null,
  operation text,
  actor text not null,
  kind text not null,
  fact text not null,
  previous text not null,
  hash text not null
) strict;
create index entries_by_operation on entries (operation, seq) where operation is not null;
create index headlines on entries (seq) where kind in (${HEADLINES.map((kind) => `'${kind}'`).join(', ')});
create trigger entries_are_never_changed before update on entries begin select raise(abort, 'the journal is append-only'); end;
create trigger entries_are_never_deleted before delete on entries begin select raise(abort, 'the journal is append-only'); end;
create table lease (
  only_one integer primary key check (only_one = 1),
  last_token integer not null,
  current text,
  heartbeats integer not null
) strict;
create table checkpoints (
  version integer primary key,
  seq integer not null,
  state text not null
) strict;
`

export const HEADLINES_SQL = HEADLINES.map((kind) => `'${kind}'`).join(', ')
