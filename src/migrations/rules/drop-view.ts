import { defineRule, shown } from './define-rule.ts'

export const dropView = defineRule({
  id: 'drop-view',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release still reads the view, or a column of it.',
  why: 'Statements that name the view fail with 42P01; made again with fewer columns, those that name a lost one fail with 42703.',
  fails: ['42P01', '42703'],
  safeWay: 'CREATE OR REPLACE VIEW, which only adds columns at the end; drop it in a later deploy.',
  examples: {
    given: 'CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a, b FROM t',
    bad: 'DROP VIEW v',
    good: 'DROP VIEW v; CREATE VIEW v AS SELECT a, b, a + b AS c FROM t',
  },
  on: {
    'drop-view': ({ view }, { before, after, report }, applied) => {
      const was = before.relation(view.oid)
      if (was?.kind !== 'view' && was?.kind !== 'materialized-view') return
      const is = after.relationNamed(was.schema, was.name)
      if (is === undefined) {
        report(applied, { message: `drops the view ${shown(was)}`, sqlstate: '42P01', relation: was.oid })
        return
      }
      const now = is.kind === 'table' ? is.columns.map(({ name }) => name) : 'columns' in is ? is.columns : null
      const lost = now === null ? [] : (was.columns ?? []).filter((name) => !now.includes(name))
      if (lost.length > 0)
        report(applied, { message: `${shown(was)} loses ${lost.join(', ')}`, sqlstate: '42703', relation: was.oid })
    },
  },
})
