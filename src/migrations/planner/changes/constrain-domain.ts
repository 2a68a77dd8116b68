import { as, type Node } from '../../sql/node.ts'
import { changeOf, type Planner, statementSql } from '../asked-change.ts'
import { ident, tableSql } from '../names.ts'
import { deploy, marker, together } from '../sequence.ts'

/** Row 46: as a CHECK of a table; every column of the domain is checked for every write from the moment on that it is NOT VALID. */
export const planConstrainDomain: Planner = (change) => {
  const found = changeOf(change, 'constrain-domain')
  const statement = as(change.node, 'AlterDomainStmt')
  const constraint = as(statement?.def, 'Constraint')
  if (found === undefined || statement === undefined || constraint === undefined) return null
  if (constraint.conname === undefined) return { noWay: 'give the constraint a name: ADD CONSTRAINT name CHECK (…)' }
  const { initially_valid: _valid, ...rest } = constraint
  const def = { Constraint: { ...rest, skip_validation: true } }
  const added = statementSql(change, { AlterDomainStmt: { ...statement, def } } as Node)
  const [on, name, label] = [`ALTER DOMAIN ${tableSql(found.type)}`, ident(constraint.conname), constraint.conname]
  const drop = `${on} DROP CONSTRAINT ${name}`
  return {
    stages: [
      deploy(
        'switch',
        `Write into columns of ${found.type.name} only what ${label} takes.`,
        marker(`keep_to_${label}`),
      ),
      deploy(
        'contract',
        'Nothing new. Values of before that break the constraint are put right now.',
        together(`add_${label}`, [added], [drop]),
      ),
      deploy(
        'contract',
        'Nothing new.',
        together(`validate_${label}`, [`${on} VALIDATE CONSTRAINT ${name}`], [drop, added]),
      ),
    ],
  }
}
