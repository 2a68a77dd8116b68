import type { Column } from '../catalog/types.ts'
import { as, fingerprint, type NodeOf, texts } from '../sql/node.ts'
import type { ColumnAddition } from './changes.ts'
import { volatilityOf } from './expressions.ts'
import type { Replay } from './replay.ts'
import { isConstrainedDomain, typeOf } from './types.ts'

export interface WrittenColumn {
  readonly column: Column
  readonly addition: ColumnAddition
  /** Its constraints that are the table's: CHECK, UNIQUE, PRIMARY KEY, REFERENCES. */
  readonly constraints: readonly NodeOf<'Constraint'>[]
}

const INLINE = {
  CONSTR_PRIMARY: 'primary-key',
  CONSTR_UNIQUE: 'unique',
  CONSTR_CHECK: 'check',
  CONSTR_FOREIGN: 'foreign-key',
} as const

/** A column as CREATE TABLE and ADD COLUMN write it. */
export function readColumn(replay: Replay, def: NodeOf<'ColumnDef'>, ifNotExists = false): WrittenColumn {
  const { type, isSerial } = typeOf(replay, def.typeName)
  const constraints = (def.constraints ?? []).flatMap((node) => as(node, 'Constraint') ?? [])
  const of = (kind: string) => constraints.find(({ contype }) => contype === kind)
  const identity = of('CONSTR_IDENTITY')
  const generated = of('CONSTR_GENERATED')
  const defaultNode = of('CONSTR_DEFAULT')?.raw_expr
  const isNull = as(defaultNode, 'A_Const')?.isnull === true
  const inline = constraints.flatMap(({ contype }) => {
    const kind = INLINE[contype as keyof typeof INLINE]
    return kind === undefined ? [] : [kind]
  })
  const column: Column = {
    id: replay.catalog.nextOid(),
    name: def.colname ?? '',
    type,
    notNull: isSerial || identity !== undefined || of('CONSTR_NOTNULL') !== undefined || inline.includes('primary-key'),
    default: isSerial ? 'nextval' : defaultNode === undefined || isNull ? null : fingerprint(defaultNode),
    identity: identity === undefined ? null : identity.generated_when === 'a' ? 'always' : 'by default',
    generated: generated === undefined ? null : generated.generated_kind === 'v' ? 'virtual' : 'stored',
    collation: texts(def.collClause?.collname).at(-1) ?? null,
  }
  const addition: ColumnAddition = {
    ifNotExists,
    serial: isSerial,
    defaultIs: defaultNode === undefined || isNull ? 'none' : volatilityOf(replay, defaultNode),
    domainIsConstrained: isConstrainedDomain(replay, type),
    inline,
  }
  return {
    column,
    addition,
    constraints: constraints.filter(({ contype }) => contype !== undefined && contype in INLINE),
  }
}
