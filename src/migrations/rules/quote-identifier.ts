import { scanPieces } from '../sql/scan-pieces.ts'
import { defineRule } from './define-rule.ts'

const RESERVED = new Set(
  'all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right select session_user similar some symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when where window with'.split(
    ' ',
  ),
)

export const quoteIdentifier = defineRule({
  id: 'quote-identifier',
  axes: ['N'],
  group: 'style',
  summary: 'A name that works only in quotes.',
  why: 'Upper case and reserved words must be quoted in every query, by hand.',
  safeWay: 'Lower case, digits and underscores.',
  examples: { bad: 'CREATE TABLE "Users" ("order" int)', good: 'CREATE TABLE users (position int)' },
  atEnd({ applied, report }) {
    for (const one of applied) {
      const { tag, origin, sql, start, end } = one.statement
      if (origin !== 'file' || !MAKES_NAMES.has(tag)) continue
      const text = sql.slice(start, end)
      const found = [...scanPieces(text)]
        .filter(({ kind }) => kind === 'identifier')
        .map((piece) => text.slice(piece.start + 1, piece.end - 1))
      const name = found.find((each) => !/^[a-z_][a-z0-9_$]*$/.test(each) || RESERVED.has(each))
      if (name !== undefined) report(one, { severity: 'note', message: `"${name}" needs its quotes` })
    }
  },
})

const MAKES_NAMES = new Set([
  'CreateStmt',
  'AlterTableStmt',
  'RenameStmt',
  'IndexStmt',
  'ViewStmt',
  'CreateEnumStmt',
  'CreateTableAsStmt',
])
