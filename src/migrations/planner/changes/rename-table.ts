import type { Table, View } from '../../catalog/types.ts'
import { changeOf, type Planner } from '../asked-change.ts'
import { ident, idents, tableSql } from '../names.ts'
import { deploy, marker, together } from '../sequence.ts'

/** Rows 4 and 5: a view under the old name takes reads and writes from the same moment on; it goes when nobody uses the old name. */
export const planRenameTable: Planner = (change) => {
  const found = changeOf(change, 'rename-relation')
  if (found === undefined || found.by === 'rename-schema') return null
  const { relation, toSchema, toName } = found
  if (relation.kind === 'index' || relation.kind === 'sequence') return null
  const [was, is] = [tableSql(relation), tableSql({ schema: toSchema, name: toName })]
  const secured = relation.kind === 'table' && relation.rowSecurity !== 'off'
  // A view reads with its owner's rights, to whom row security does not apply.
  const how = secured ? ' WITH (security_invoker = true)' : ''
  const view = `CREATE VIEW ${was}${how} AS SELECT ${columnsOf(relation)} FROM ${is}`
  const alter = `ALTER ${KINDS[relation.kind]} ${is}`
  const back =
    found.by === 'rename'
      ? `${alter} RENAME TO ${ident(relation.name)}`
      : `${alter} SET SCHEMA ${ident(relation.schema)}`
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
    notes: [
      `Grant on the view ${was} what roles other than its owner may do on ${is}, in the same file.`,
      ...(secured ? ['security_invoker needs PostgreSQL 15.'] : []),
    ],
  }
}

const KINDS = { table: 'TABLE', view: 'VIEW', 'materialized-view': 'MATERIALIZED VIEW' } as const

function columnsOf(relation: Table | View): string {
  if (relation.isAssumed || relation.columns === null) return '*'
  return idents(relation.columns.map((one) => (typeof one === 'string' ? one : one.name)))
}
