import { as, type Node } from '../../sql/node.ts'
import { type AskedChange, changeOf, namesOf, type Planner, statementSql } from '../asked-change.ts'
import { dropIndexSql, ident, idents, madeName, tableSql } from '../names.ts'
import { alone, deploy, marker, type Stage, together } from '../sequence.ts'

/** Rows 21, 22, 31: the index is built beside the traffic, when no release makes duplicates any more; the constraint takes it over. */
export const planAddUnique: Planner = (change) => {
  const index = changeOf(change, 'create-index')
  if (index?.index.isUnique === true) return uniqueIndex(change)
  const found = changeOf(change, 'add-constraint')
  if (found === undefined || found.withColumn || found.usingIndex) return null
  const { table, constraint } = found
  const isKey = constraint.kind === 'primary-key'
  if (constraint.kind !== 'unique' && !isKey) return null
  if (table.partitionBy !== null)
    return { noWay: 'a partitioned table builds it under its lock; make it on each partition first' }
  const columns = namesOf(table, constraint.columns)
  const [on, name] = [`ALTER TABLE ${tableSql(table)}`, ident(constraint.name)]
  const nulls = constraint.definition.includes('nulls not distinct') ? ' NULLS NOT DISTINCT' : ''
  const build = `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${tableSql(table)} (${idents(columns)})${nulls}`
  const deferrable = constraint.definition.endsWith(' deferrable') ? ' DEFERRABLE' : ''
  const use = `${on} ADD CONSTRAINT ${name} ${isKey ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${name}${deferrable}`
  const drop = `${on} DROP CONSTRAINT ${name}`
  const nullable = isKey ? columns.filter((one) => !isRequired(change, one)) : []
  const [checks, takeOver] = requireAll(change, nullable)
  return {
    stages: [
      deploy(
        'switch',
        `Write no duplicates into ${table.name} (${columns.join(', ')})${isKey ? ', and no NULL' : ''}.`,
        marker(`keep_${constraint.name}`),
      ),
      deploy(
        'contract',
        'Nothing new. Duplicates of before are put right before this.',
        ...checks,
        alone(`index_${constraint.name}`, build, dropIndexSql({ ...table, name: constraint.name })),
        ...(nullable.length === 0 ? [together(`add_${constraint.name}`, [use], [drop])] : []),
      ),
      ...takeOver(use, drop),
    ],
  }
}

function isRequired({ before, applied }: AskedChange, name: string): boolean {
  const [change] = applied.changes.flatMap((one) => (one.kind === 'add-constraint' ? [one] : []))
  const table = change === undefined ? undefined : before.relation(change.table.oid)
  return table?.kind === 'table' && table.columns.some((one) => one.name === name && one.notNull)
}

/** A key's columns are proved to be there, so that taking the index over reads nothing. */
function requireAll(change: AskedChange, names: readonly string[]) {
  const table = changeOf(change, 'add-constraint')?.table
  const label = table?.name ?? ''
  const on = table === undefined ? '' : `ALTER TABLE ${tableSql(table)}`
  const parts = names.map((name) => {
    const check = ident(madeName(label, name, 'present'))
    const add = `${on} ADD CONSTRAINT ${check} CHECK (${ident(name)} IS NOT NULL) NOT VALID`
    const drop = `${on} DROP CONSTRAINT ${check}`
    return { name, add, drop, validate: `${on} VALIDATE CONSTRAINT ${check}`, set: `${on} ALTER COLUMN ${ident(name)}` }
  })
  const checks = parts.map(({ name, add, drop }) => together(`check_${label}_${name}`, [add], [drop]))
  const takeOver = (use: string, dropKey: string): readonly Stage[] =>
    parts.length === 0
      ? []
      : [
          deploy(
            'contract',
            'Nothing new.',
            ...parts.map(({ name, validate, drop, add }) =>
              together(`validate_${label}_${name}`, [validate], [drop, add]),
            ),
            together(
              `add_${label}_key`,
              [...parts.map(({ set }) => `${set} SET NOT NULL`), use, ...parts.map(({ drop }) => drop)],
              [
                ...parts.map(({ add }) => add),
                dropKey,
                ...parts.map(({ set }) => `${set} DROP NOT NULL`),
                // Dropping the constraint drops the index that it took over.
                use.replace(/^.*? ADD CONSTRAINT (\S+).*$/, () => indexAgain(change)),
              ],
            ),
          ),
        ]
  return [checks, takeOver] as const
}

function indexAgain(change: AskedChange): string {
  const found = changeOf(change, 'add-constraint')
  if (found === undefined) return 'SELECT 1'
  const columns = idents(namesOf(found.table, found.constraint.columns))
  return `CREATE UNIQUE INDEX ${ident(found.constraint.name)} ON ${tableSql(found.table)} (${columns})`
}

function uniqueIndex(change: AskedChange) {
  const found = changeOf(change, 'create-index')
  const statement = as(change.node, 'IndexStmt')
  if (found === undefined || statement === undefined) return null
  const { table, index } = found
  if (table.partitionBy !== null)
    return { noWay: 'CONCURRENTLY does not work on a partitioned table: index each partition, then attach' }
  const build = statementSql(change, { IndexStmt: { ...statement, idxname: index.name, concurrent: true } } as Node)
  return {
    stages: [
      deploy(
        'switch',
        `Write no duplicates into ${table.name} that ${index.name} would refuse.`,
        marker(`keep_${index.name}`),
      ),
      deploy(
        'contract',
        'Nothing new. Duplicates of before are put right before this.',
        alone(`index_${index.name}`, build, dropIndexSql(index)),
      ),
    ],
  }
}
