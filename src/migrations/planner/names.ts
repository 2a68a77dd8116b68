import { sha256Hex } from '../../lib/sha256.ts'
import type { Table } from '../catalog/types.ts'

const MAX_BYTES = 63
const HASH_CHARS = 6

/** PostgreSQL's reserved words, and those that may not be a function or type: a name that is one needs quotes. */
const RESERVED = new Set(
  'all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right select session_user similar some symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when where window with'.split(
    ' ',
  ),
)

/** An identifier as SQL wants it. */
export function ident(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`
}

export function idents(names: readonly string[]): string {
  return names.map(ident).join(', ')
}

/** `users`, or `app.users` outside of the usual schema. */
export function tableSql({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return schema === 'public' || schema === '' ? ident(name) : `${ident(schema)}.${ident(name)}`
}

/** A name in the same schema as the table. */
export function besideTable({ schema }: Pick<Table, 'schema'>, name: string): string {
  return tableSql({ schema, name })
}

/** The way back from CREATE INDEX CONCURRENTLY: also from one that failed half way, and after a constraint took the index along. */
export function dropIndexSql(index: { readonly schema: string; readonly name: string }): string {
  return `DROP INDEX CONCURRENTLY IF EXISTS ${tableSql(index)}`
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** What a file can be called everywhere, and what an annotation can name: no space and no slash in it. */
export function fileName(what: string): string {
  return madeName(what.replaceAll(/[^\p{L}\p{N}_]+/gu, '_'))
}

/** Parts joined to a name that PostgreSQL does not cut: what is too long ends in a hash. */
export function madeName(...parts: readonly string[]): string {
  const name = parts.join('_')
  if (Buffer.byteLength(name) <= MAX_BYTES) return name
  let cut = name
  while (Buffer.byteLength(cut) > MAX_BYTES - HASH_CHARS - 1) cut = cut.slice(0, -1)
  return `${cut}_${sha256Hex(name).slice(0, HASH_CHARS)}`
}
