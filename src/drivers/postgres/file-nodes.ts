import type { PostgresHost } from './host.ts'
import { psqlJson } from './psql.ts'
import type { FileNode } from './wal-record.ts'
import { keyOf } from './wal-tally.ts'

/** A file of the log as people know it; `other` is a catalog, an index, a TOAST table, a materialized view, or a table of ours. */
export type NamedFile =
  | { readonly kind: 'table'; readonly database: string; readonly name: string }
  | { readonly kind: 'other' }
  /** Nothing has that file any more. */
  | { readonly kind: 'gone'; readonly database: string }

/** Objects with a number below it are the server's own (access/transam.h, FirstNormalObjectId). */
const FIRST_USER_NODE = 16_384

/** Asks each database that was written to which tables the files are. */
export async function nameFiles(
  host: PostgresHost,
  databases: ReadonlyMap<number, string>,
  files: readonly FileNode[],
): Promise<ReadonlyMap<string, NamedFile>> {
  const named = new Map<string, NamedFile>()
  for (const [oid, database] of databases) {
    const own = files.filter((file) => file.database === oid && file.node >= FIRST_USER_NODE)
    if (own.length === 0) continue
    for (const { key, kind, name } of await ask(host, database, own)) {
      named.set(
        key,
        kind === 'table' ? { kind, database, name: name ?? '' } : kind === 'gone' ? { kind, database } : { kind },
      )
    }
  }
  for (const file of files) if (!named.has(keyOf(file))) named.set(keyOf(file), leftOver(databases, file))
  return named
}

function leftOver(databases: ReadonlyMap<number, string>, { database, node }: FileNode): NamedFile {
  if (node < FIRST_USER_NODE || database === 0) return { kind: 'other' }
  return { kind: 'gone', database: databases.get(database) ?? `database ${database}` }
}

function ask(host: PostgresHost, database: string, files: readonly FileNode[]) {
  // Numbers that we parsed ourselves; a list of them is no value that psql's variables could carry.
  const rows = files.map(
    ({ tablespace, node, ...file }) => `(${tablespace}::oid, ${node}::oid, '${keyOf({ tablespace, node, ...file })}')`,
  )
  return psqlJson<readonly { key: string; kind: NamedFile['kind']; name: string | null }[]>(host, {
    database,
    script: `
SELECT json_agg(json_build_object('key', f.key,
  'kind', CASE WHEN c.oid IS NULL THEN 'gone'
    WHEN c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'backflip') THEN 'table' ELSE 'other' END,
  'name', quote_ident(n.nspname) || '.' || quote_ident(c.relname)))
FROM (VALUES ${rows.join(', ')}) AS f(tablespace, node, key)
LEFT JOIN pg_class c ON c.oid = pg_filenode_relation(f.tablespace, f.node)
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace;`,
  })
}
