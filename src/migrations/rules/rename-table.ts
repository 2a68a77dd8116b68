import type { CatalogView } from '../catalog/catalog.ts'
import type { Relation } from '../catalog/types.ts'
import { defineRule, shown } from './define-rule.ts'

export const renameTable = defineRule({
  id: 'rename-table',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release knows the table or view by its old name.',
  why: 'Renaming and moving to another schema are instant, and every statement with the old name fails from that moment. A view under the old name, made in the same transaction, keeps old reads and writes working: it was measured with fourteen kinds of statement.',
  fails: ['42P01'],
  safeWay:
    'In the same transaction create a view with the old name over the renamed table (`CREATE VIEW old AS SELECT * FROM new`); drop it in a later deploy.',
  examples: {
    given: 'CREATE TABLE orders (id bigint)',
    bad: 'ALTER TABLE orders RENAME TO purchases',
    good: 'ALTER TABLE orders RENAME TO purchases; CREATE VIEW orders AS SELECT * FROM purchases',
  },
  on: {
    'rename-relation': ({ relation, by }, { before, after, report }, applied) => {
      const was = before.relation(relation.oid)
      const is = after.relation(relation.oid)
      if (was === undefined || is === undefined || was.kind === 'index' || was.kind === 'sequence') return
      if (was.schema === is.schema && was.name === is.name) return
      if (hasStandIn(after, was)) return
      const what = by === 'rename' ? 'renames' : 'moves'
      report(applied, { message: `${what} ${shown(was)} to ${shown(is)}`, sqlstate: '42P01', relation: was.oid })
    },
  },
})

/** A view under the old name that shows every column there was. */
function hasStandIn(after: CatalogView, was: Relation): boolean {
  const view = after.relationNamed(was.schema, was.name)
  if (view?.kind !== 'view') return false
  const columns = view.columns
  if (columns === null || (was.kind === 'table' && was.isAssumed)) return true
  const names =
    was.kind === 'table' ? was.columns.map(({ name }) => name) : was.kind === 'view' ? (was.columns ?? []) : []
  return names.every((name) => columns.includes(name))
}
