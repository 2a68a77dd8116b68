import { sha256Hex } from '../../lib/sha256.ts'
import type { PostgresHost } from './host.ts'
import { psql, psqlJson } from './psql.ts'
import { verbatim } from './verbatim.ts'

/** What the app's own query says; null when it has none, or when its table is not there yet. */
export async function schemaVersion(host: PostgresHost): Promise<string | null> {
  const query = host.config.schemaVersionQuery
  if (query === null) return null
  const script = `BEGIN READ ONLY;\n${verbatim(query)}\nCOMMIT;`
  try {
    const answer = (await psql(host, { script, maxOutputBytes: 64 * 1024 })).trim()
    return answer === '' ? null : answer.slice(0, 200)
  } catch (error) {
    if (isNoTable(error)) return null
    throw error
  }
}

/** SQLSTATE 42P01: before the first migration there is no table of migrations. */
function isNoTable(error: unknown): boolean {
  return (error as { details?: readonly string[] }).details?.some((line) => line.startsWith('SQLSTATE 42P01')) === true
}

/** SHA-256 over one sorted line per object in the user schemas. What extensions own is left out: `facts().extensions` names it. */
export async function schemaFingerprint(host: PostgresHost): Promise<string> {
  const objects = await psqlJson<readonly string[]>(host, { script: CATALOG, maxOutputBytes: 64 * 1024 * 1024 })
  return sha256Hex([...objects].sort().join('\n'))
}

/**
 * Definitions as the server itself prints them, with an empty search path: then every name in them carries its schema, whoever asks.
 * Names of object ids, statistics, owners and comments are not schema; the order of columns is.
 */
const CATALOG = `
SET search_path = '';
WITH spaces AS (
  SELECT oid, nspname FROM pg_catalog.pg_namespace
  WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'backflip')
), owned AS (
  SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
), relations AS (
  SELECT c.oid, c.relkind, c.relname, c.relpersistence, c.relrowsecurity, c.relispartition, c.relpartbound, n.nspname
  FROM pg_catalog.pg_class c JOIN spaces n ON n.oid = c.relnamespace
  WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objid = c.oid)
), objects(line) AS (
  SELECT pg_catalog.concat_ws(' ', 'schema', nspname) FROM spaces
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'relation', relkind, nspname, relname, relpersistence, relrowsecurity,
    pg_catalog.pg_get_expr(relpartbound, oid)) FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'column', r.nspname, r.relname,
    pg_catalog.row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname,
    pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid),
    (SELECT collname FROM pg_catalog.pg_collation WHERE oid = a.attcollation))
    FROM relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'view', nspname, relname, pg_catalog.pg_get_viewdef(oid))
    FROM relations WHERE relkind IN ('v', 'm')
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'index', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM pg_catalog.pg_index i JOIN relations r ON r.oid = i.indrelid
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'constraint', n.nspname, k.conrelid::pg_catalog.regclass, k.conname,
    k.convalidated, pg_catalog.pg_get_constraintdef(k.oid))
    FROM pg_catalog.pg_constraint k JOIN spaces n ON n.oid = k.connamespace
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'trigger', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_catalog.pg_trigger t JOIN relations r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'rule', pg_catalog.pg_get_ruledef(w.oid))
    FROM pg_catalog.pg_rewrite w JOIN relations r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'policy', r.nspname, r.relname, p.polname, p.polcmd, p.polpermissive,
    pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_catalog.pg_policy p JOIN relations r ON r.oid = p.polrelid
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'sequence', r.nspname, r.relname, s.seqtypid::pg_catalog.regtype,
    s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
    FROM pg_catalog.pg_sequence s JOIN relations r ON r.oid = s.seqrelid
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'enum', n.nspname, t.typname,
    (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(enumlabel), ',' ORDER BY enumsortorder)
      FROM pg_catalog.pg_enum WHERE enumtypid = t.oid))
    FROM pg_catalog.pg_type t JOIN spaces n ON n.oid = t.typnamespace WHERE t.typtype = 'e'
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'domain', n.nspname, t.typname,
    pg_catalog.format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault)
    FROM pg_catalog.pg_type t JOIN spaces n ON n.oid = t.typnamespace WHERE t.typtype = 'd'
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'function', CASE p.prokind WHEN 'a' THEN
    pg_catalog.concat_ws(' ', 'aggregate', p.oid::pg_catalog.regprocedure) ELSE pg_catalog.pg_get_functiondef(p.oid) END)
    FROM pg_catalog.pg_proc p JOIN spaces n ON n.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND objid = p.oid)
)
SELECT coalesce(pg_catalog.json_agg(line), '[]') FROM objects;`
