import { defineRule } from './define-rule.ts'

export const skipStatement = defineRule({
  id: 'skip-statement',
  axes: ['N'],
  group: 'core',
  summary: 'IF [NOT] EXISTS makes this a statement that does nothing.',
  why: 'By the migrations before it, the object is there already (or is not). If the database agrees, nothing happens, also when the definition differs; if it does not, the database is not what the files say.',
  safeWay: 'Leave the statement out, or find out where files and database parted.',
  examples: {
    given: 'CREATE TABLE t (a int)',
    bad: 'CREATE TABLE IF NOT EXISTS t (a int, b int)',
    good: 'CREATE TABLE IF NOT EXISTS n (a int)',
  },
  onStatement: {
    CreateStmt: (node, { report }, applied) => {
      if (node.if_not_exists === true && applied.changes.length === 0)
        report(applied, {
          severity: 'note',
          message: `${node.relation?.relname ?? 'it'} is there already: nothing happens`,
        })
    },
    IndexStmt: (node, { report }, applied) => {
      if (node.if_not_exists === true && applied.changes.length === 0)
        report(applied, {
          severity: 'note',
          message: `${node.idxname ?? 'the index'} is there already: nothing happens`,
        })
    },
    DropStmt: (node, { report }, applied) => {
      const isTracked = ['OBJECT_TABLE', 'OBJECT_INDEX', 'OBJECT_VIEW', 'OBJECT_SEQUENCE', 'OBJECT_TYPE'].includes(
        node.removeType ?? '',
      )
      if (node.missing_ok === true && isTracked && applied.changes.length === 0)
        report(applied, { severity: 'note', message: 'no migration made it: nothing happens' })
    },
  },
})
