import type { Session } from './session.ts'

/**
 * One line per object in the user schemas, as the server prints its definition, with an empty search path so that every name has its schema.
 * Unlike `schemaFingerprint` (drivers/postgres) it leaves the order of columns out: a column that comes back stands at the end. Extensions'
 * own objects are left out, and so are owners, privileges and comments.
 */
export async function readShape(session: Session): Promise<readonly string[]> {
  await session.rows("SET search_path = ''")
  try {
    const rows = await session.rows(LINES)
    return rows.map(([line]) => line ?? '').sort()
  } finally {
    await session.rows('RESET search_path')
  }
}

const LINES = `
WITH spaces AS (
  SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), owned AS (
  SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
), relations AS (
  SELECT c.oid, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.relispartition, c.relpartbound, c.reloptions,
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class c JOIN spaces n ON n.oid = c.relnamespace
  WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objid = c.oid)
)
SELECT 'schema ' || nspname FROM spaces
UNION ALL SELECT pg_catalog.concat_ws(' ', CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' ELSE 'table' END,
  name, relkind, relpersistence, relrowsecurity, relforcerowsecurity, reloptions, pg_catalog.pg_get_expr(relpartbound, oid))
  FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
UNION ALL SELECT pg_catalog.concat_ws(' ', 'column', r.name || '.' || pg_catalog.quote_ident(a.attname),
  pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END, NULLIF(a.attidentity, ''), NULLIF(a.attgenerated, ''),
  'default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), (SELECT 'collate ' || collname FROM pg_catalog.pg_collation WHERE oid = a.attcollation AND collname <> 'default'))
  FROM relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE r.relkind IN ('r', 'p', 'm', 'f', 'c')
UNION ALL SELECT pg_catalog.concat_ws(' ', 'view', name, pg_catalog.pg_get_viewdef(oid)) FROM relations WHERE relkind IN ('v', 'm')
UNION ALL SELECT pg_catalog.concat_ws(' ', 'index', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid)
  FROM pg_catalog.pg_index i JOIN relations r ON r.oid = i.indrelid
UNION ALL SELECT pg_catalog.concat_ws(' ', 'constraint', k.conrelid::pg_catalog.regclass, k.contypid::pg_catalog.regtype, k.conname,
  k.convalidated, pg_catalog.pg_get_constraintdef(k.oid))
  FROM pg_catalog.pg_constraint k JOIN spaces n ON n.oid = k.connamespace WHERE k.contype <> 'n'
UNION ALL SELECT pg_catalog.concat_ws(' ', 'trigger', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled)
  FROM pg_catalog.pg_trigger t JOIN relations r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL SELECT pg_catalog.concat_ws(' ', 'rule', pg_catalog.pg_get_ruledef(w.oid))
  FROM pg_catalog.pg_rewrite w JOIN relations r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
UNION ALL SELECT pg_catalog.concat_ws(' ', 'policy', r.name, p.polname, p.polcmd, p.polpermissive,
  pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
  FROM pg_catalog.pg_policy p JOIN relations r ON r.oid = p.polrelid
UNION ALL SELECT pg_catalog.concat_ws(' ', 'sequence', r.name, s.seqtypid::pg_catalog.regtype, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle,
  (SELECT pg_catalog.concat_ws('.', d.refobjid::pg_catalog.regclass, a.attname) FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.objid = r.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')))
  FROM pg_catalog.pg_sequence s JOIN relations r ON r.oid = s.seqrelid
UNION ALL SELECT pg_catalog.concat_ws(' ', 'type', t.oid::pg_catalog.regtype,
  (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(enumlabel), ',' ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = t.oid))
  FROM pg_catalog.pg_type t JOIN spaces n ON n.oid = t.typnamespace WHERE t.typtype = 'e'
    AND NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND objid = t.oid)
UNION ALL SELECT pg_catalog.concat_ws(' ', 'domain', t.oid::pg_catalog.regtype, pg_catalog.format_type(t.typbasetype, t.typtypmod),
  t.typnotnull, t.typdefault)
  FROM pg_catalog.pg_type t JOIN spaces n ON n.oid = t.typnamespace WHERE t.typtype = 'd'
    AND NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND objid = t.oid)
UNION ALL SELECT pg_catalog.concat_ws(' ', 'function', p.oid::pg_catalog.regprocedure,
  CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END)
  FROM pg_catalog.pg_proc p JOIN spaces n ON n.oid = p.pronamespace
  WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND objid = p.oid)`
