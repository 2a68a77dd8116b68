import { as, type Node } from '../../sql/node.ts'
import { type AskedChange, changeOf, type Planner, statementSql } from '../asked-change.ts'
import { indexSql } from '../describe-table.ts'
import { dropIndexSql, tableSql } from '../names.ts'
import { alone, deploy, type NoWay, type Transformation } from '../sequence.ts'

const NOTHING_NEW = 'Nothing new: no release sees the difference.'

/** Rows 33 to 35, 64, 66: the same statement, beside the traffic, in a file without a transaction. */
export const planRunConcurrently: Planner = (change) =>
  createIndex(change) ?? dropIndex(change) ?? reindex(change) ?? refresh(change) ?? detach(change)

function createIndex(change: AskedChange): Transformation | NoWay | null {
  const found = changeOf(change, 'create-index')
  const statement = as(change.node, 'IndexStmt')
  if (found === undefined || statement === undefined || found.index.isUnique) return null
  const { table, index } = found
  if (table.partitionBy !== null)
    return { noWay: 'CONCURRENTLY does not work on a partitioned table: index each partition, then attach' }
  const up = statementSql(change, { IndexStmt: { ...statement, idxname: index.name, concurrent: true } } as Node)
  return one(`index_${index.name}`, up, dropIndexSql(index))
}

function dropIndex(change: AskedChange): Transformation | NoWay | null {
  const found = changeOf(change, 'drop-index')
  const statement = as(change.node, 'DropStmt')
  if (found === undefined || statement === undefined || found.index.isUnique) return null
  const again =
    found.table === null
      ? null
      : indexSql(change, found.table, found.index, { name: found.index.name, isConcurrent: true })
  const up = statementSql(change, { DropStmt: { ...statement, concurrent: true, behavior: 'DROP_RESTRICT' } } as Node)
  return one(
    `drop_${found.index.name}`,
    up,
    again ?? `-- ${found.index.name} is in no migration: write CREATE INDEX CONCURRENTLY here`,
  )
}

function reindex(change: AskedChange): Transformation | null {
  const statement = as(change.node, 'ReindexStmt')
  if (statement === undefined) return null
  const params = [...(statement.params ?? []), { DefElem: { defname: 'concurrently', defaction: 'DEFELEM_UNSPEC' } }]
  const up = statementSql(change, { ReindexStmt: { ...statement, params } } as Node)
  return one(`reindex_${statement.relation?.relname ?? statement.name ?? 'all'}`, up, 'SELECT 1')
}

function refresh(change: AskedChange): Transformation | null {
  const statement = as(change.node, 'RefreshMatViewStmt')
  if (statement === undefined) return null
  const up = statementSql(change, { RefreshMatViewStmt: { ...statement, concurrent: true } } as Node)
  const plan = one(`refresh_${statement.relation?.relname ?? ''}`, up, 'SELECT 1')
  return { ...plan, notes: ['CONCURRENTLY needs a unique index on the materialized view.'] }
}

function detach(change: AskedChange): Transformation | null {
  const found = changeOf(change, 'detach-partition')
  const statement = as(change.node, 'AlterTableStmt')
  const cmd = as(statement?.cmds?.[0], 'AlterTableCmd')
  const partition = as(cmd?.def, 'PartitionCmd')
  if (found === undefined || partition === undefined || found.isConcurrent) return null
  const def = { PartitionCmd: { ...partition, concurrent: true } }
  const up = statementSql(change, {
    AlterTableStmt: { ...statement, cmds: [{ AlterTableCmd: { ...cmd, def } }] },
  } as Node)
  const stage = deploy(
    'contract',
    `No release reads the rows of ${found.partition.name} by way of ${found.table.name}.`,
    alone(
      `detach_${found.partition.name}`,
      up,
      `-- ALTER TABLE ${tableSql(found.table)} ATTACH PARTITION ${tableSql(found.partition)} … with its bounds`,
    ),
  )
  const name = found.partition.name
  return {
    stages: [stage],
    differs: [`CONCURRENTLY leaves a CHECK with its bounds on ${name}: drop it when other rows are to come.`],
  }
}

function one(what: string, up: string, down: string): Transformation {
  return { stages: [deploy('expand', NOTHING_NEW, alone(what, up, down))] }
}
