import { dirname } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import { sha256Hex } from '../../lib/sha256.ts'
import type { HashedRow, RowsAsk, TableShape } from '../../ports/database.ts'
import { parseCopyLine, splitLines } from './copy-text.ts'
import { lines, type PostgresHost, runAsServerUser } from './host.ts'
import { psql, psqlJson } from './psql.ts'

const MAX_SORT_MS = 4 * 60 * 60_000
/** What is in memory at once; one row may be larger. */
const CHUNK = '4m'
const CHUNK_BYTES = 4 * 1024 * 1024

export async function readTables(host: PostgresHost): Promise<readonly TableShape[]> {
  return psqlJson(host, { script: TABLES })
}

const TABLES = `
SELECT coalesce(json_agg(t ORDER BY t.name), '[]') FROM (
  SELECT format('%I.%I', n.nspname, c.relname) AS name, (
    SELECT coalesce(json_agg(attname ORDER BY attnum), '[]') FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'backflip')
  ORDER BY 1 LIMIT 20000
) t;`

/**
 * The server sorts the table by hash into a file beside its data, and the file is read in pieces: the transport carries whole answers only,
 * and a table may be larger than memory. A server can sort more than its memory; we need not.
 */
export async function* readRows(host: PostgresHost, ask: RowsAsk): AsyncIterable<HashedRow> {
  // A name that a repeat finds again, so that what a killed run left is taken away by the next one.
  const folder = `${dirname(host.config.dataFolder)}/backflip-rows-${sha256Hex(`${host.config.port} ${ask.table}`).slice(0, 16)}`
  await host.transport.remove(folder)
  try {
    await asServerUser(host, ['mkdir', '--mode', '700', folder])
    await sortInto(host, ask, `${folder}/all`)
    await asServerUser(host, [
      'split',
      '--bytes',
      CHUNK,
      '--suffix-length',
      '6',
      '--numeric-suffixes',
      `${folder}/all`,
      `${folder}/part-`,
    ])
    await host.transport.remove(`${folder}/all`)
    for await (const line of splitLines(chunks(host, folder))) {
      const [hash, ...values] = parseCopyLine(line)
      yield { hash: hash ?? '', values }
    }
  } finally {
    await host.transport.remove(folder)
  }
}

/**
 * Names come from the catalog as data, and the server quotes them itself. `ONLY`: a partition or a child is a table of its own here. A row
 * is hashed as the text of a row of its columns, which tells NULL from an empty string and where each value ends.
 */
async function sortInto(
  host: PostgresHost,
  { table, columns, withValues }: RowsAsk,
  outputFile: string,
): Promise<void> {
  const script = `
SELECT format(
  'COPY (SELECT encode(sha256(convert_to(ROW(%s)::text, ''UTF8'')), ''hex'') COLLATE "C"%s FROM ONLY %s ORDER BY 1) TO STDOUT',
  (SELECT string_agg(quote_ident(name), ', ' ORDER BY at) FROM json_array_elements_text(:'columns'::json) WITH ORDINALITY c(name, at)),
  CASE WHEN :'values'::boolean THEN (SELECT string_agg(', ' || quote_ident(attname), '' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = :'table'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '') END,
  :'table'::regclass
) \\gexec`
  const values = { table, columns: JSON.stringify(columns), values: String(withValues) }
  await psql(host, { script, values, outputFile, timeoutMs: MAX_SORT_MS })
}

async function* chunks({ transport }: PostgresHost, folder: string): AsyncIterable<Uint8Array> {
  for (const name of (await transport.listFolder(folder)) ?? []) {
    const bytes = await transport.readFile(`${folder}/${name}`, { maxBytes: CHUNK_BYTES })
    if (bytes !== null) yield bytes
    await transport.remove(`${folder}/${name}`)
  }
}

async function asServerUser(host: PostgresHost, argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runAsServerUser(host, argv, { timeoutMs: MAX_SORT_MS })
  if (exitCode === 0) return
  throw new BackflipError(`${argv[0]} failed beside the data folder`, {
    code: 'database-error',
    kind: 'failed',
    details: [...lines(stderr), 'nothing in the database was changed'],
    hint: 'the table is written there once as text: is there room?',
  })
}
