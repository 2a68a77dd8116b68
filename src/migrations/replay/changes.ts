import type { LockMode } from '../../domain/lock-mode.ts'
import type {
  Column,
  Constraint,
  Index,
  Oid,
  Policy,
  Relation,
  Routine,
  Table,
  Trigger,
  TypeRef,
  UserType,
  View,
} from '../catalog/types.ts'
import type { Node, Tag } from '../sql/node.ts'

/** One SQL statement that the migration runs, wherever it is written. */
export interface Statement {
  readonly node: Node
  readonly tag: Tag
  /** Which file of the run, by its place in the list. */
  readonly file: number
  /** UTF-16 offsets in that file. */
  readonly start: number
  readonly end: number
  /** Where the statement of the file begins that this one is, or is inside of. */
  readonly outerStart: number
  /** The text of the file that it stands in; the statement is a slice of it. */
  readonly sql: string
  /** `block`: inside a DO block or a function that the migration calls; whether it runs may depend on a condition. */
  readonly origin: 'file' | 'block'
  readonly isConditional: boolean
  readonly transaction: TransactionState
  readonly settings: Settings
}

/**
 * `none`: the statement commits by itself. `unknown`: the runner may wrap the file, we were not told. Statements of one transaction share
 * its `id`.
 */
export interface TransactionState {
  readonly kind: 'explicit' | 'runner' | 'none' | 'unknown'
  readonly id: number
  /** False: some versions of the runner have no transaction here. */
  readonly isSure: boolean
}

/** What SET said so far, by lower-case name; a value as written, without quotes. */
export type Settings = { readonly [name: string]: string }

/** What a statement did to the schema, in order. `table` and the like are as they were just before, or as created. */
export type Change =
  | {
      readonly kind: 'create-table'
      readonly table: Table
      readonly isPartitionOf: Oid | null
      readonly ifNotExists: boolean
    }
  | { readonly kind: 'drop-table'; readonly table: Table; readonly isCascade: boolean }
  | {
      readonly kind: 'rename-relation'
      readonly relation: Relation
      readonly toSchema: string
      readonly toName: string
      readonly by: 'rename' | 'set-schema' | 'rename-schema'
    }
  | { readonly kind: 'add-column'; readonly table: Table; readonly column: Column; readonly addition: ColumnAddition }
  | { readonly kind: 'drop-column'; readonly table: Table; readonly column: Column; readonly isCascade: boolean }
  | { readonly kind: 'rename-column'; readonly table: Table; readonly column: Column; readonly toName: string }
  | {
      readonly kind: 'change-type'
      readonly table: Table
      readonly column: Column
      readonly to: TypeRef
      readonly cost: 'rewrite' | 'scan' | 'instant' | 'unknown'
      readonly changesCollation: boolean
    }
  | {
      readonly kind: 'set-not-null'
      readonly table: Table
      readonly column: Column
      readonly by: 'column' | 'primary-key' | 'constraint'
      readonly isProved: boolean
    }
  | { readonly kind: 'drop-not-null'; readonly table: Table; readonly column: Column }
  | { readonly kind: 'set-default'; readonly table: Table; readonly column: Column }
  | { readonly kind: 'drop-default'; readonly table: Table; readonly column: Column }
  | {
      readonly kind: 'add-identity'
      readonly table: Table
      readonly column: Column
      readonly isAlways: boolean
      readonly hasStart: boolean
    }
  | { readonly kind: 'drop-identity'; readonly table: Table; readonly column: Column }
  | {
      readonly kind: 'add-constraint'
      readonly table: Table
      readonly constraint: Constraint
      readonly usingIndex: boolean
      readonly target: Table | null
      readonly withColumn: boolean
    }
  | { readonly kind: 'drop-constraint'; readonly table: Table; readonly constraint: Constraint }
  | { readonly kind: 'validate-constraint'; readonly table: Table; readonly constraint: Constraint }
  | {
      readonly kind: 'create-index'
      readonly table: Table
      readonly index: Index
      readonly isConcurrent: boolean
      readonly ifNotExists: boolean
      readonly hasName: boolean
    }
  | { readonly kind: 'drop-index'; readonly table: Table | null; readonly index: Index; readonly isConcurrent: boolean }
  | { readonly kind: 'create-view'; readonly view: View }
  | { readonly kind: 'replace-view'; readonly view: View; readonly columns: readonly string[] | null }
  | { readonly kind: 'drop-view'; readonly view: View }
  | { readonly kind: 'drop-schema'; readonly name: string; readonly isCascade: boolean; readonly isKnown: boolean }
  | { readonly kind: 'drop-extension'; readonly name: string }
  | { readonly kind: 'drop-sequence'; readonly relation: Relation }
  | { readonly kind: 'create-type'; readonly type: UserType }
  | { readonly kind: 'drop-type'; readonly type: UserType }
  | { readonly kind: 'rename-type'; readonly type: UserType; readonly toSchema: string; readonly toName: string }
  | { readonly kind: 'add-enum-value'; readonly type: UserType; readonly label: string; readonly isPlaced: boolean }
  | { readonly kind: 'rename-enum-value'; readonly type: UserType; readonly from: string; readonly to: string }
  | {
      readonly kind: 'constrain-domain'
      readonly type: UserType
      readonly isNotValid: boolean
      readonly tables: readonly Table[]
    }
  | { readonly kind: 'create-routine'; readonly routine: Routine; readonly replaced: Routine | null }
  | { readonly kind: 'drop-routine'; readonly routine: Routine }
  | { readonly kind: 'create-trigger'; readonly table: Table | null; readonly trigger: Trigger }
  | { readonly kind: 'drop-trigger'; readonly table: Table | null; readonly name: string }
  | { readonly kind: 'toggle-trigger'; readonly table: Table; readonly isEnabled: boolean }
  | { readonly kind: 'row-security'; readonly table: Table; readonly to: 'on' | 'off' | 'forced' | 'unforced' }
  | {
      readonly kind: 'change-policy'
      readonly table: Table
      readonly policy: Policy
      readonly by: 'create' | 'alter' | 'drop'
    }
  | { readonly kind: 'attach-partition'; readonly table: Table; readonly partition: Table; readonly isProved: boolean }
  | {
      readonly kind: 'detach-partition'
      readonly table: Table
      readonly partition: Table
      readonly isConcurrent: boolean
    }
  | {
      readonly kind: 'change-storage'
      readonly table: Table
      readonly what: 'logged' | 'unlogged' | 'tablespace' | 'access-method'
    }
  | { readonly kind: 'change-owner'; readonly relation: Relation }
  | { readonly kind: 'truncate'; readonly table: Table; readonly isCascade: boolean }
  | {
      readonly kind: 'change-rows'
      readonly table: Table
      readonly by: 'insert' | 'update' | 'delete'
      readonly isWhole: boolean
    }
  | { readonly kind: 'unknown-sql'; readonly what: string }

export type ChangeKind = Change['kind']
export type ChangeOf<Kind extends ChangeKind> = Extract<Change, { readonly kind: Kind }>

/** How a column was added: what decides between instant, scan and rewrite. */
export interface ColumnAddition {
  readonly ifNotExists: boolean
  readonly serial: boolean
  readonly defaultIs: 'none' | 'constant' | 'stable' | 'volatile'
  readonly domainIsConstrained: boolean
  readonly inline: readonly ('primary-key' | 'unique' | 'check' | 'foreign-key')[]
}

/** A statement with all that it did: changes, and what it takes from those who work meanwhile. */
export interface Applied {
  readonly statement: Statement
  readonly changes: readonly Change[]
  /** Strongest lock per relation, indexes from ShareUpdateExclusive up. */
  readonly locks: ReadonlyMap<Oid, LockMode>
  /** Relations whose files are written anew. */
  readonly rewrites: ReadonlySet<Oid>
  /** Relations that are read from beginning to end under the lock. */
  readonly scans: ReadonlySet<Oid>
}
