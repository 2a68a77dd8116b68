import { changeOf, type Planner } from '../asked-change.ts'
import { ident, idents, tableSql } from '../names.ts'
import { deploy, marker, together } from '../sequence.ts'

/** Rows 4 and 5: a view under the old name takes reads and writes from the same moment on; it goes when nobody uses the old name. */
export const planRenameTable: Planner = (change) => {
  const found = changeOf(change, 'rename-relation')
  if (found === undefined || found.by === 'rename-schema') return null
  const { relation, toSchema, toName } = found
  if (relation.kind !== 'table') return null
  const [was, is] = [tableSql(relation), tableSql({ schema: toSchema, name: toName })]
  const columns = relation.isAssumed ? '*' : idents(relation.columns.map(({ name }) => name))
  const view = `CREATE VIEW ${was} AS SELECT ${columns} FROM ${is}`
  const back =
    found.by === 'rename'
      ? `ALTER TABLE ${is} RENAME TO ${ident(relation.name)}`
      : `ALTER TABLE ${is} SET SCHEMA ${ident(relation.schema)}`
  return {
    stages: [
      deploy(
        'expand',
        `Either name works. The release of this deploy still runs with ${was}; TRUNCATE, COPY FROM and LOCK need ${is}.`,
        together(`rename_${relation.name}`, [change.sql, view], [`DROP VIEW ${was}`, back]),
      ),
      deploy('switch', `Use ${is} everywhere.`, marker(`use_${toName}`)),
      deploy('contract', 'Nothing new.', together(`drop_${relation.name}_view`, [`DROP VIEW ${was}`], [view])),
    ],
  }
}
