import { defineRule, shown } from './define-rule.ts'

export const dropRedundantIndex = defineRule({
  id: 'drop-redundant-index',
  axes: ['L'],
  group: 'core',
  summary: 'Another index begins with the same columns.',
  why: 'Each index costs at every write. What a shorter one answers, a longer one with the same beginning answers too.',
  safeWay: 'Keep the longer one.',
  examples: {
    given: 'CREATE TABLE t (a int, b int); CREATE INDEX t_ab ON t (a, b)',
    bad: 'CREATE INDEX CONCURRENTLY t_a ON t (a)',
    good: 'CREATE INDEX CONCURRENTLY t_b ON t (b)',
  },
  on: {
    'create-index': ({ table, index }, { after, report }, applied) => {
      if (
        index.isUnique ||
        index.where !== null ||
        index.method !== 'btree' ||
        index.keys.some(({ column }) => column === null)
      )
        return
      const other = after
        .indexesOf(table.oid)
        .find(
          (one) =>
            one.oid !== index.oid &&
            one.where === null &&
            one.method === 'btree' &&
            one.keys.length >= index.keys.length &&
            index.keys.every(({ column }, at) => one.keys[at]?.column === column),
        )
      if (other !== undefined)
        report(applied, { severity: 'note', message: `${shown(other)} begins with the same columns as ${index.name}` })
    },
  },
})
