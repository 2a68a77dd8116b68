import type { Column, Table, TypeRef } from '../../catalog/types.ts'
import { deparseExpression } from '../../sql/deparse.ts'
import { as, type Node } from '../../sql/node.ts'
import { type AskedChange, changeOf, columnNamed, type Planner } from '../asked-change.ts'
import { copyColumn } from '../copy-column.ts'
import { defaultSql, ownedSequences, typeSql } from '../describe-table.ts'
import { ident, madeName, tableSql } from '../names.ts'
import { asNewRow } from '../rename-in-tree.ts'
import { backfillHint, backfillOf, deploy, marker, type Stage, together } from '../sequence.ts'
import { oneWay, refuseUnlessDone, type SyncTrigger, whereItFits } from '../sync-trigger.ts'
import { whyNotCopy } from '../why-not-copy.ts'

/** Rows 13, 15 to 17: a second column of the new type, filled beside the traffic; then the two change names in one short transaction. */
export const planChangeColumnType: Planner = (change) => {
  const found = changeOf(change, 'change-type')
  if (found === undefined) return null
  const { table, column } = found
  const taken = ['new', 'old']
    .map((one) => madeName(column.name, one))
    .find((one) => columnNamed(table, one) !== undefined)
  const why = whyNotCopy(change, table, column) ?? (taken === undefined ? null : `${taken} is there already`)
  if (why !== null) return { noWay: why }
  const after = change.after.relation(table.oid)
  const target = after?.kind === 'table' ? after.columns.find(({ id }) => id === column.id) : undefined
  if (target === undefined) return null
  const limit = limitOf(table, column, found.to)
  return {
    stages: [...(limit?.stages ?? []), ...swapStages(change, { table, column, target, limit })],
    notes: [
      `${column.name} stands last in the table afterwards: name the columns of INSERT and SELECT.`,
      'Sessions with a prepared SELECT see 0A000 once when the names change: let pools prepare again (DISCARD ALL, or a reconnect).',
    ],
  }
}

interface SwapAsk {
  readonly table: Table
  readonly column: Column
  readonly target: Column
  readonly limit: Limit | null
}

function swapStages(change: AskedChange, { table, column, target, limit }: SwapAsk): readonly Stage[] {
  const [next, past] = [madeName(column.name, 'new'), madeName(column.name, 'old')]
  const [on, name, label] = [`ALTER TABLE ${tableSql(table)}`, ident(column.name), `${table.name}_${column.name}`]
  const type = typeSql({ ...change, before: change.after }, target) ?? ''
  const was = typeSql(change, column) ?? ''
  const copy = copyColumn(change, table, column, next)
  const value = conversionOf(change, column, type)
  // A value that cannot be converted must not refuse the write of a release that knows nothing of this.
  const forth = (isTotal(column.type, target.type) ? oneWay : whereItFits)(
    table,
    `${column.name}_forth`,
    next,
    value.inTrigger,
  )
  const back = whereItFits(table, `${column.name}_back`, past, backValue(name, was))
  const pending = isComparable(target.type)
    ? `${ident(next)} IS DISTINCT FROM ${value.inQuery}`
    : `${ident(next)} IS NULL AND ${name} IS NOT NULL`
  return [
    deploy(
      'expand',
      `Nothing new: ${column.name} is read and written as before.`,
      together(
        `add_${label}_new`,
        [`${on} ADD COLUMN ${ident(next)} ${type}`, ...copy.expand, ...forth.create],
        [...forth.drop, `${on} DROP COLUMN ${ident(next)}`],
      ),
      copy.indexFiles,
    ),
    backfillOf(
      `fill_${label}_new`,
      `UPDATE ${tableSql(table)} SET ${ident(next)} = ${value.inQuery} WHERE ${pending}`,
      `Converts ${column.name} in the rows that were there before.`,
    ),
    deploy(
      'switch',
      `Read and write ${column.name} as ${was} and as ${type} alike.`,
      copy.validateFiles.length === 0 ? [marker(`accept_${label}`)] : copy.validateFiles,
    ),
    deploy('contract', 'Nothing new. The two columns change names; everybody waits for a moment.', [
      swapFile(change, { table, column, next, past, pending, forth, back, limit }),
    ]),
    deploy(
      'contract',
      `Nothing new. Values that ${was} could not hold are no obstacle any more.`,
      together(
        `drop_${label}_old`,
        [...back.drop, `${on} DROP COLUMN ${ident(past)}`],
        [
          `${on} ADD COLUMN ${ident(past)} ${was}`,
          `UPDATE ${tableSql(table)} SET ${ident(past)} = ${backValue(name, was).replaceAll('new.', '')} WHERE true`,
          ...back.create,
        ],
      ),
    ),
  ]
}

interface Swap {
  readonly table: Table
  readonly column: Column
  readonly next: string
  readonly past: string
  readonly pending: string
  readonly forth: SyncTrigger
  readonly back: SyncTrigger
  readonly limit: Limit | null
}

function swapFile(change: AskedChange, { table, column, next, past, pending, forth, back, limit }: Swap) {
  const on = `ALTER TABLE ${tableSql(table)}`
  const name = ident(column.name)
  const preset = defaultSql(change, table, column)
  const rename = (from: string, to: string) => `${on} RENAME COLUMN ${ident(from)} TO ${ident(to)}`
  const own = ownedSequences(change, table, column).map(
    (one) => `ALTER SEQUENCE ${one} OWNED BY ${tableSql(table)}.${name}`,
  )
  const setDefault = preset === null ? [] : [`${on} ALTER COLUMN ${name} SET DEFAULT ${preset}`]
  const dropDefault = preset === null ? [] : [`${on} ALTER COLUMN ${name} DROP DEFAULT`]
  // Made for `next`; after the names changed they are about the column itself.
  const copy = copyColumn(change, table, column, next)
  const settle = copy.settle.map((one) => one.replaceAll(` COLUMN ${ident(next)} `, ` COLUMN ${name} `))
  const label = `${table.name}_${column.name}`
  return together(
    `swap_${label}`,
    [
      refuseUnlessDone(table, pending, backfillHint({ what: `fill_${label}_new` })),
      ...forth.drop,
      ...copy.release,
      ...(limit === null ? [] : [limit.drop]),
      ...dropDefault,
      ...(column.notNull ? [`${on} ALTER COLUMN ${name} DROP NOT NULL`] : []),
      rename(column.name, past),
      rename(next, column.name),
      ...setDefault,
      ...own,
      ...settle,
      ...back.create,
    ],
    [
      ...back.drop,
      ...copy.unsettle.map((one) =>
        one.replaceAll(` COLUMN ${ident(next)} `, ` COLUMN ${name} `).replaceAll(`(${ident(next)}`, `(${name}`),
      ),
      ...dropDefault,
      rename(column.name, next),
      rename(past, column.name),
      ...setDefault,
      ...(column.notNull ? [`${on} ALTER COLUMN ${name} SET NOT NULL`] : []),
      ...own,
      ...copy.restore,
      ...(limit === null ? [] : [limit.add]),
      ...forth.create,
    ],
  )
}

/** What the new column gets: the USING of the statement, or the conversion that ALTER TYPE makes without one. */
function conversionOf(change: AskedChange, column: Column, type: string) {
  const cmd = as(as(change.node, 'AlterTableStmt')?.cmds?.[0], 'AlterTableCmd')
  const using = as(cmd?.def, 'ColumnDef')?.raw_default
  const bare = type.replace(/ COLLATE .*$/, '')
  if (using === undefined)
    return { inQuery: `${ident(column.name)}::${bare}`, inTrigger: `new.${ident(column.name)}::${bare}` }
  return {
    inQuery: deparseExpression(change.parser, using),
    inTrigger: deparseExpression(change.parser, asNewRow(using as Node)),
  }
}

function backValue(name: string, type: string): string {
  return `new.${name}::text::${type.replace(/ COLLATE .*$/, '')}`
}

/** Types without an equality of their own. */
function isComparable(type: TypeRef | null): boolean {
  return (
    type !== null && !['json', 'xml', 'point', 'polygon', 'path', 'box', 'line', 'lseg', 'circle'].includes(type.name)
  )
}

const TOTAL: Readonly<Record<string, readonly string[]>> = {
  int2: ['int4', 'int8', 'numeric', 'float4', 'float8'],
  int4: ['int8', 'numeric', 'float8', 'int2'],
  int8: ['numeric', 'int4', 'int2'],
  varchar: ['varchar', 'bpchar'],
  text: ['varchar', 'bpchar'],
  bpchar: ['varchar', 'bpchar'],
  timestamp: ['timestamptz', 'date'],
  timestamptz: ['timestamp', 'date'],
  date: ['timestamp', 'timestamptz'],
}

/** Every value that may be written has one of the new type; what is narrower was limited before. */
function isTotal(from: TypeRef | null, to: TypeRef | null): boolean {
  if (from === null || to === null || from.isArray || to.isArray) return false
  if (to.name === 'text' || (to.name === 'varchar' && to.modifiers.length === 0)) return true
  return TOTAL[from.name]?.includes(to.name) === true && to.name !== 'numeric'
}

const INTEGERS: Readonly<Record<string, readonly [number, string, string]>> = {
  int2: [2, '-32768', '32767'],
  int4: [4, '-2147483648', '2147483647'],
  int8: [8, '', ''],
}

interface Limit {
  readonly stages: readonly Stage[]
  readonly drop: string
  /** Validated at once: for the way back, where nothing is quick. */
  readonly add: string
}

/** Row 16: what no longer fits is refused by a CHECK first, when no release writes it any more; the conversion then never fails. */
function limitOf(table: Table, column: Column, to: TypeRef): Limit | null {
  const condition = limitSql(column, to)
  if (condition === null) return null
  const [on, label] = [`ALTER TABLE ${tableSql(table)}`, `${table.name}_${column.name}`]
  const check = ident(madeName(table.name, column.name, 'fits'))
  const add = `${on} ADD CONSTRAINT ${check} CHECK (${condition})`
  const [loose, drop] = [`${add} NOT VALID`, `${on} DROP CONSTRAINT ${check}`]
  const validate = `${on} VALIDATE CONSTRAINT ${check}`
  return {
    drop,
    add,
    stages: [
      deploy('switch', `Write into ${table.name}.${column.name} only what fits: ${condition}.`, marker(`fit_${label}`)),
      deploy(
        'contract',
        'Nothing new. Values of before that do not fit are put right now.',
        together(`limit_${label}`, [loose], [drop]),
      ),
      deploy('contract', 'Nothing new.', together(`validate_${label}_fits`, [validate], [drop, loose])),
    ],
  }
}

function limitSql(column: Column, to: TypeRef): string | null {
  const [from, name] = [column.type, ident(column.name)]
  if (from === null) return null
  const [wide, narrow] = [INTEGERS[from.name], INTEGERS[to.name]]
  if (wide !== undefined && narrow !== undefined)
    return wide[0] > narrow[0] ? `${name} BETWEEN ${narrow[1]} AND ${narrow[2]}` : null
  const length = to.modifiers[0]
  const isText = ['varchar', 'bpchar', 'text'].includes(from.name) && ['varchar', 'bpchar'].includes(to.name)
  if (!isText || length === undefined || (from.modifiers[0] ?? Number.POSITIVE_INFINITY) <= length) return null
  return `char_length(${name}) <= ${length}`
}
