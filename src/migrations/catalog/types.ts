/**
 * The schema as the migrations build it, in PostgreSQL's own terms (pg_class, pg_attribute, pg_constraint …). Everything is plain data, never
 * changed in place: a change makes a new record under the same `oid`, so a record held from before a deploy stays what it was.
 */

/** Ours, not the server's: given in order of creation, kept over renames. */
export type Oid = number

export interface TypeRef {
  /** PostgreSQL's short name for its own types (`int4`, `varchar`, `timestamptz`), the last known name for others. */
  readonly name: string
  /** A type that the migrations made; null for PostgreSQL's and an extension's. */
  readonly oid: Oid | null
  /** `[10, 2]` of numeric(10,2). */
  readonly modifiers: readonly number[]
  readonly isArray: boolean
}

export interface Column {
  /** Within its table, kept over renames (attnum). */
  readonly id: number
  readonly name: string
  /** Null when the table was there before the first migration that we see. */
  readonly type: TypeRef | null
  readonly notNull: boolean
  /** Fingerprint of the expression, or null. */
  readonly default: string | null
  readonly identity: 'always' | 'by default' | null
  readonly generated: 'stored' | 'virtual' | null
  readonly collation: string | null
}

export type ConstraintKind = 'check' | 'foreign-key' | 'unique' | 'primary-key' | 'exclude' | 'not-null'

export interface Constraint {
  readonly oid: Oid
  readonly name: string
  readonly kind: ConstraintKind
  /** Ids of the columns that it names, in order. */
  readonly columns: readonly number[]
  readonly isValid: boolean
  /** The same text for the same rule on the same table: kind, columns, expression, target, actions. */
  readonly definition: string
  /** The index that a unique, primary key or exclusion constraint lives in. */
  readonly index: Oid | null
  readonly references: Oid | null
  /** Columns that a CHECK proves to be not null. */
  readonly provesNotNull: readonly number[]
}

export interface Trigger {
  readonly name: string
  readonly isEnabled: boolean
  readonly function: string
}

export interface Policy {
  readonly name: string
  readonly isRestrictive: boolean
}

interface Named {
  readonly oid: Oid
  readonly schema: string
  readonly name: string
}

export interface Table extends Named {
  readonly kind: 'table'
  readonly columns: readonly Column[]
  readonly constraints: readonly Constraint[]
  readonly triggers: readonly Trigger[]
  readonly policies: readonly Policy[]
  readonly rowSecurity: 'off' | 'on' | 'forced'
  readonly persistence: 'permanent' | 'unlogged' | 'temporary'
  /** `list`, `range` or `hash` with its keys, for a partitioned table. */
  readonly partitionBy: string | null
  readonly parents: readonly Oid[]
  readonly isPartition: boolean
  /** It was there before the first migration that we see: it has columns, constraints and rows that we do not know. */
  readonly isAssumed: boolean
  /** The file put rows into it, or it was there before. */
  readonly hasRows: boolean
}

export interface View extends Named {
  readonly kind: 'view' | 'materialized-view'
  /** Null when the names of its columns cannot be told from its text. */
  readonly columns: readonly string[] | null
  readonly reads: readonly Oid[]
  /** Every column name in its text; `*` for a star. */
  readonly mentions: readonly string[]
  readonly isAssumed: boolean
}

export interface Index extends Named {
  readonly kind: 'index'
  readonly table: Oid
  readonly isUnique: boolean
  readonly method: string
  readonly keys: readonly { readonly column: number | null; readonly expression: string | null }[]
  readonly includes: readonly number[]
  /** Fingerprint of the predicate of a partial index. */
  readonly where: string | null
  /** The same text for the same index on the same table, whatever its name. */
  readonly definition: string
  readonly constraint: Oid | null
  readonly isAssumed: boolean
}

export interface Sequence extends Named {
  readonly kind: 'sequence'
  readonly owner: { readonly table: Oid; readonly column: number } | null
  readonly isAssumed: boolean
}

export type Relation = Table | View | Index | Sequence

export interface UserType extends Named {
  readonly kind: 'enum' | 'domain' | 'composite' | 'range' | 'other'
  /** Of an enum, in order. An id is kept over renames. */
  readonly labels: readonly { readonly id: number; readonly text: string }[]
  readonly base: TypeRef | null
  /** A domain with a constraint or NOT NULL: its columns are checked when they are added. */
  readonly isConstrained: boolean
  readonly isAssumed: boolean
}

export interface Routine extends Named {
  readonly kind: 'function' | 'procedure' | 'aggregate'
  /** Input types as PostgreSQL tells overloads apart: `integer, text`. */
  readonly arguments: string
  /** Of the arguments that have one: callers may give them by it. */
  readonly argumentNames: readonly string[]
  /** Names of the columns that it returns, where it names them (OUT, RETURNS TABLE). */
  readonly outputNames: readonly string[]
  /** How many of the arguments have a default. */
  readonly optional: number
  readonly returns: string
  readonly language: string
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly isAssumed: boolean
}
