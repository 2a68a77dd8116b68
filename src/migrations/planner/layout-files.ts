import type { Layout, LayoutName } from '../layout/layouts.ts'

/** A migration as its runner wants it on disk. */
export interface WrittenFile {
  /** From the folder of the migrations, with `/`. */
  readonly path: string
  readonly text: string
}

export interface MigrationText {
  /** `0043_d1_expand_add_users_handle`. */
  readonly stem: string
  /** Comment lines that say what it is. */
  readonly head: readonly string[]
  readonly up: readonly string[]
  readonly down: readonly string[]
  readonly run: 'together' | 'alone'
}

/** Before what must not be in a transaction, as the runner reads it. */
const NO_TRANSACTION: { readonly [Name in LayoutName]?: string } = {
  'graphile-migrate': '--! no-transaction',
  goose: '-- +goose NO TRANSACTION',
  flyway: '-- flyway:executeInTransaction=false',
  sqlx: '-- no-transaction',
}

/** Where the up migration of a stem lies. */
export function pathOf({ name }: Layout, stem: string): string {
  switch (name) {
    case 'prisma':
      return `${stem}/migration.sql`
    case 'diesel':
      return `${stem}/up.sql`
    case 'golang-migrate':
    case 'sqlx':
      return `${stem}.up.sql`
    case 'flyway':
      return `V${stem.replace('_', '__')}.sql`
    default:
      return `${stem}.sql`
  }
}

function downPathOf({ name }: Layout, stem: string): string {
  switch (name) {
    case 'prisma':
    case 'diesel':
      return `${stem}/down.sql`
    case 'flyway':
      return `U${stem.replace('_', '__')}.sql`
    // Every other .sql file would be a migration to them.
    case 'drizzle':
    case 'graphile-migrate':
      return `${stem}.inverse`
    default:
      return `${stem}.down.sql`
  }
}

/** The file or files of one migration and its inverse. */
export function writeMigration(layout: Layout, { stem, head, up, down, run }: MigrationText): readonly WrittenFile[] {
  const comments = head.map((line) => `-- ${line}`)
  const mark = run === 'alone' ? NO_TRANSACTION[layout.name] : undefined
  const upLines = body(layout, up, run)
  const downLines = body(layout, down, run)
  const text = (lines: readonly string[]) => `${lines.join('\n')}\n`
  const path = pathOf(layout, stem)
  switch (layout.name) {
    case 'goose':
      return [
        {
          path,
          text: text([
            ...(mark === undefined ? [] : [mark]),
            '-- +goose Up',
            ...comments,
            ...upLines,
            '',
            '-- +goose Down',
            ...downLines,
          ]),
        },
      ]
    case 'dbmate': {
      const how = run === 'alone' ? ' transaction:false' : ''
      return [
        {
          path,
          text: text([`-- migrate:up${how}`, ...comments, ...upLines, '', `-- migrate:down${how}`, ...downLines]),
        },
      ]
    }
    case 'node-pg-migrate':
      return [{ path, text: text(['-- Up Migration', ...comments, ...upLines, '', '-- Down Migration', ...downLines]) }]
    case 'diesel':
      return [
        { path, text: text([...comments, ...upLines]) },
        { path: downPathOf(layout, stem), text: text([`-- The way back from ${stem}.`, ...downLines]) },
        ...(run === 'alone' ? [{ path: `${stem}/metadata.toml`, text: 'run_in_transaction = false\n' }] : []),
      ]
    default:
      return [
        { path, text: text([...(mark === undefined ? [] : [mark]), ...comments, ...upLines]) },
        { path: downPathOf(layout, stem), text: text([`-- The way back from ${stem}.`, ...downLines]) },
      ]
  }
}

/** A plain folder has a runner that we do not know: it gets its transaction in the file. */
function body(layout: Layout, statements: readonly string[], run: 'together' | 'alone'): readonly string[] {
  const lines = statements.flatMap((one) => (isComment(one) ? [one] : ended(layout, one)))
  const sql = statements.filter((one) => !isComment(one) && one !== 'SELECT 1')
  if (run === 'alone' || sql.length === 0) return lines
  const limited = ["SET LOCAL lock_timeout = '2s';", ...lines]
  return layout.transaction === 'unknown' ? ['BEGIN;', ...limited, 'COMMIT;'] : limited
}

/** How many statements stand before the first of the migration's own. */
export function leadingStatements(layout: Layout, statements: readonly string[], run: 'together' | 'alone'): number {
  if (run === 'alone' || statements.every((one) => isComment(one) || one === 'SELECT 1')) return 0
  return layout.transaction === 'unknown' ? 2 : 1
}

function isComment(statement: string): boolean {
  return statement.startsWith('--') && !statement.includes('\n')
}

function ended(layout: Layout, statement: string): readonly string[] {
  if (layout.name === 'goose' && statement.includes(';'))
    return ['-- +goose StatementBegin', `${statement};`, '-- +goose StatementEnd']
  return [`${statement};`]
}
