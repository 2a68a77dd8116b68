import { defineRule, shown } from './define-rule.ts'

export const replaceView = defineRule({
  id: 'replace-view',
  axes: ['N'],
  group: 'core',
  summary: 'The view shows something else from now on.',
  why: 'CREATE OR REPLACE keeps every column, so statements run; what they read may differ. A column of a view that is renamed is gone for the old release (42703).',
  fails: ['42703'],
  safeWay: 'Add columns at the end and leave the others as they are.',
  examples: {
    given: 'CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a, b FROM t',
    bad: 'ALTER VIEW v RENAME COLUMN b TO c',
    good: 'CREATE VIEW w AS SELECT a FROM t',
  },
  on: {
    'replace-view': ({ view, columns }, { before, report }, applied) => {
      const was = before.relation(view.oid)
      if (was?.kind !== 'view' && was?.kind !== 'materialized-view') return
      const lost = columns === null ? [] : (was.columns ?? []).filter((name) => !columns.includes(name))
      if (lost.length > 0)
        report(applied, { message: `${shown(was)} loses ${lost.join(', ')}`, sqlstate: '42703', relation: was.oid })
      else
        report(applied, { severity: 'note', message: `${shown(was)} is another query from now on`, relation: was.oid })
    },
  },
})
