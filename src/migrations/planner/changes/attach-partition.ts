import { deparseExpression } from '../../sql/deparse.ts'
import { as, type Node, type NodeOf, text } from '../../sql/node.ts'
import { type AskedChange, changeOf, type Planner } from '../asked-change.ts'
import { ident, madeName, tableSql } from '../names.ts'
import { deploy, marker, together } from '../sequence.ts'

type Bound = NodeOf<'PartitionBoundSpec'>

/** Row 63: a valid CHECK says what the bound will say, so that ATTACH reads no row of the partition under its exclusive lock. */
export const planAttachPartition: Planner = (change) => {
  const found = changeOf(change, 'attach-partition')
  const cmd = as(as(change.node, 'AlterTableStmt')?.cmds?.[0], 'AlterTableCmd')
  const bound = as(cmd?.def, 'PartitionCmd')?.bound
  if (found === undefined || bound === undefined) return null
  const { table, partition } = found
  const condition = conditionOf(change, table.partitionBy, bound)
  if (condition === null)
    return {
      noWay: 'a CHECK by hand that says what the bound will say: NOT VALID, VALIDATE, then ATTACH, then drop it',
    }
  const [on, child] = [`ALTER TABLE ${tableSql(partition)}`, partition.name]
  const check = ident(madeName(child, 'bound'))
  const add = `${on} ADD CONSTRAINT ${check} CHECK (${condition}) NOT VALID`
  const drop = `${on} DROP CONSTRAINT ${check}`
  const detach = `ALTER TABLE ${tableSql(table)} DETACH PARTITION ${tableSql(partition)}`
  return {
    stages: [
      deploy('switch', `Write into ${child} only what belongs there: ${condition}.`, marker(`keep_to_${child}_bound`)),
      deploy(
        'contract',
        `May read the rows of ${child} by way of ${table.name} from now on.`,
        together(`bound_${child}`, [add], [drop]),
        together(`validate_${child}`, [`${on} VALIDATE CONSTRAINT ${check}`], [drop, add]),
        together(`attach_${child}`, [change.sql, drop], [detach, add.replace(/ NOT VALID$/, '')]),
      ),
    ],
    notes: [`${table.name} shows the rows of ${child} as soon as it is attached, also to releases of before.`],
  }
}

/** Of one column, by range or list; null for what is left to a person. */
function conditionOf({ parser }: AskedChange, partitionBy: string | null, bound: Bound): string | null {
  const spec = JSON.parse(partitionBy ?? '{}') as { readonly partParams?: readonly Node[] }
  const [param, ...others] = spec.partParams ?? []
  const name = as(param, 'PartitionElem')?.name
  if (name === undefined || others.length > 0 || bound.is_default === true) return null
  const [column, sql] = [ident(name), (node: Node) => deparseExpression(parser, node)]
  if (bound.strategy === 'l') {
    const values = bound.listdatums ?? []
    if (values.some((one) => as(one, 'A_Const')?.isnull === true)) return null
    return `${column} IS NOT NULL AND ${column} IN (${values.map(sql).join(', ')})`
  }
  if (bound.strategy !== 'r') return null
  const side = (operator: string, datum: Node | undefined) =>
    datum === undefined || isOpen(datum) ? [] : [`${column} ${operator} ${sql(datum)}`]
  return [`${column} IS NOT NULL`, ...side('>=', bound.lowerdatums?.[0]), ...side('<', bound.upperdatums?.[0])].join(
    ' AND ',
  )
}

/** MINVALUE and MAXVALUE are names to the grammar. */
function isOpen(datum: Node): boolean {
  return ['minvalue', 'maxvalue'].includes(text(as(datum, 'ColumnRef')?.fields?.[0]))
}
