import { csvLine } from './csv.ts'
import { rowsOnlyIn } from './lost-rows.ts'

interface Shape {
  readonly name: string
  readonly columns: readonly string[]
}

/** What is read of a database; `ports/database.ts` has it. */
export interface RowSource {
  tables(): Promise<readonly Shape[]>
  rows(ask: {
    readonly table: string
    readonly columns: readonly string[]
    readonly withValues: boolean
  }): AsyncIterable<{
    readonly hash: string
    readonly values: readonly (string | null)[]
  }>
}

export interface LostTable {
  readonly table: string
  /** Columns that only the newer side has: rows that differ in nothing else are not lost rows. */
  readonly newColumns: readonly string[]
  /** The header, then one record a row. */
  readonly csv: AsyncIterable<string>
}

/**
 * Rows that exist only in the newer side, table by table. Rows are compared by the columns that both sides have, so that a migration in
 * between does not make every row new; a table that the older side does not have is all new. Each `csv` must be read, or left, before
 * the next table is asked for.
 */
export async function* exportLost(newer: RowSource, older: RowSource): AsyncIterable<LostTable> {
  const before = new Map((await older.tables()).map((shape) => [shape.name, shape.columns]))
  for (const { name: table, columns } of await newer.tables()) {
    const common = columns.filter((column) => before.get(table)?.includes(column) === true)
    const ask = { table, columns: common.length > 0 ? common : columns }
    const known = common.length > 0 ? older.rows({ ...ask, withValues: false }) : nothing()
    const rows = rowsOnlyIn(newer.rows({ ...ask, withValues: true }), known)
    yield { table, newColumns: columns.filter((column) => !common.includes(column)), csv: records(columns, rows) }
  }
}

async function* records(
  columns: readonly string[],
  rows: AsyncIterable<{ readonly values: readonly (string | null)[] }>,
): AsyncIterable<string> {
  yield csvLine(columns)
  for await (const { values } of rows) yield csvLine(values)
}

async function* nothing(): AsyncIterable<never> {}
