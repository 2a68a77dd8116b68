import { as, type Node } from '../../sql/node.ts'
import { changeOf, type Planner, statementSql } from '../asked-change.ts'
import { constraintSql } from '../describe-table.ts'
import { ident, tableSql } from '../names.ts'
import { deploy, marker, together } from '../sequence.ts'

/** Rows 24 to 28: NOT VALID is a contract too, because every write is checked from then on. VALIDATE reads the table beside the traffic. */
export const planAddConstraint: Planner = (change) => {
  const found = changeOf(change, 'add-constraint')
  if (found === undefined || found.withColumn) return null
  const { table, constraint } = found
  if (constraint.kind === 'exclude') {
    return { noWay: 'EXCLUDE is built under an exclusive lock and there is no other way: take a maintenance window' }
  }
  if (constraint.kind !== 'check' && constraint.kind !== 'foreign-key') return null
  const on = `ALTER TABLE ${tableSql(table)}`
  const name = ident(constraint.name)
  const add = asNotValid(change.node, constraint.name)
  const added = add === null ? null : statementSql(change, add)
  const sql = constraintSql({ ...change, before: change.after }, table, constraint)
  if (added === null || sql === null) return null
  const drop = `${on} DROP CONSTRAINT ${name}`
  const keepTo = constraint.kind === 'check' ? 'keeps to it' : 'is there'
  return {
    stages: [
      deploy('switch', `Write into ${table.name} only what ${keepTo}: ${sql}.`, marker(`keep_to_${constraint.name}`)),
      deploy(
        'contract',
        'Nothing new. Rows of before that break the constraint are put right now.',
        together(`add_${constraint.name}`, [added], [drop]),
      ),
      ...(constraint.isValid
        ? [
            deploy(
              'contract',
              'Nothing new.',
              together(`validate_${constraint.name}`, [`${on} VALIDATE CONSTRAINT ${name}`], [drop, added]),
            ),
          ]
        : []),
    ],
  }
}

function asNotValid(node: Node, conname: string): Node | null {
  const statement = as(node, 'AlterTableStmt')
  const cmd = as(statement?.cmds?.[0], 'AlterTableCmd')
  const constraint = as(cmd?.def, 'Constraint')
  if (statement === undefined || constraint === undefined) return null
  const { initially_valid: _valid, ...rest } = constraint
  const def = { Constraint: { ...rest, conname, skip_validation: true } }
  return { AlterTableStmt: { ...statement, cmds: [{ AlterTableCmd: { ...cmd, def } }] } } as Node
}
