import { madeUpValue, typeColumns, type ValueType } from './made-up-values.ts'
import { attempt, quoteName, quoteText, type Session } from './session.ts'

/** Enough to tell a scan from an index lookup, few enough to cost nothing. */
const ROWS = 200
const MAX_TABLES = 100

/**
 * Puts rows into tables that are empty, without triggers and foreign keys where we may. A CHECK that no made-up row passes leaves the table
 * with none, and the report says so.
 */
export async function seedTables(session: Session, tables: readonly string[]): Promise<ReadonlyMap<string, number>> {
  // Only a superuser may; a role on somebody's server then fills what has no foreign keys.
  await attempt(session, "SET session_replication_role = 'replica'")
  const counts = new Map<string, number>()
  for (const table of tables.slice(0, MAX_TABLES)) {
    const name = await nameOf(session, table)
    if (name === null) continue
    const columns = await columnsOf(session, table)
    for (const mode of ['all', 'required'] as const) {
      const sql = insertFor(table, columns, mode)
      if (sql !== null && (await attempt(session, sql)) === null) break
    }
    const [[count] = []] = await session.rows(`SELECT count(*) FROM ONLY ${table}`)
    counts.set(name, Number(count))
  }
  await attempt(session, 'RESET session_replication_role')
  return counts
}

interface Column extends ValueType {
  readonly column: string
  readonly isRequired: boolean
  readonly hasDefault: boolean
}

/** As the report names it; null when it is no plain table. */
async function nameOf(session: Session, table: string): Promise<string | null> {
  const [row] =
    await session.rows(`SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = to_regclass(${quoteText(table)}) AND c.relkind = 'r'`)
  return row?.[0] ?? null
}

/** What fills itself (identity, a sequence, a generated column) is left out. */
async function columnsOf(session: Session, table: string): Promise<readonly Column[]> {
  const rows =
    await session.rows(`SELECT a.attname, ${typeColumns('a.atttypid', 'a.atttypmod')}, a.attnotnull, a.atthasdef
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = to_regclass(${quoteText(table)}) AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attidentity = '' AND a.attgenerated = '' AND coalesce(pg_get_expr(d.adbin, d.adrelid), '') NOT LIKE 'nextval(%'
    ORDER BY a.attnum`)
  return rows.map(([column, name, kind, isRequired, hasDefault]) => ({
    column: column ?? '',
    name: name ?? '',
    kind: kind as ValueType['kind'],
    isRequired: isRequired === 't',
    hasDefault: hasDefault === 't',
  }))
}

function insertFor(table: string, columns: readonly Column[], mode: 'all' | 'required'): string | null {
  const filled: { column: string; value: string }[] = []
  for (const one of columns) {
    const value = madeUpValue(one, 'g')
    const isNeeded = one.isRequired && !one.hasDefault
    if (value === null && isNeeded) return null
    if (value !== null && (mode === 'all' || isNeeded)) filled.push({ column: quoteName(one.column), value })
  }
  if (filled.length === 0)
    return `DO $$ BEGIN FOR g IN 1..${ROWS} LOOP INSERT INTO ${table} DEFAULT VALUES; END LOOP; END $$`
  return `INSERT INTO ${table} (${filled.map(({ column }) => column).join(', ')})
    SELECT ${filled.map(({ value }) => value).join(', ')} FROM generate_series(1, ${ROWS}) AS g ON CONFLICT DO NOTHING`
}
