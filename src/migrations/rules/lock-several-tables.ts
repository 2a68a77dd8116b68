import { tableOf } from '../catalog/catalog.ts'
import { defineRule, shown } from './define-rule.ts'

export const lockSeveralTables = defineRule({
  id: 'lock-several-tables',
  axes: ['L'],
  group: 'core',
  summary: 'Two tables locked exclusively in one transaction: a deadlock waits to happen.',
  why: 'Traffic takes the same tables in another order. While the second lock is waited for, the first is held, and everybody queues behind both.',
  safeWay: 'One table a transaction, with a lock timeout and a repeat.',
  examples: {
    given: 'CREATE TABLE users (id bigint); CREATE TABLE orders (id bigint)',
    bad: 'BEGIN; ALTER TABLE users ADD COLUMN a int; ALTER TABLE orders ADD COLUMN b int; COMMIT',
    good: 'BEGIN; ALTER TABLE users ADD COLUMN a int; ALTER TABLE users ADD COLUMN b int; COMMIT',
  },
  atEnd({ applied, before, existed, report }) {
    const held = new Map<number, Set<number>>()
    for (const one of applied) {
      const { kind, id } = one.statement.transaction
      if (kind === 'none' || kind === 'unknown') continue
      const tables = held.get(id) ?? new Set()
      held.set(id, tables)
      for (const [oid, mode] of one.locks) {
        const table = mode === 'AccessExclusive' && existed(oid) ? tableOf(before, oid) : undefined
        if (table === undefined || tables.has(oid)) continue
        tables.add(oid)
        if (tables.size === 2)
          report(one, {
            severity: 'warn',
            message: `also locks ${shown(table)} exclusively, while another table is`,
            relation: oid,
          })
      }
    }
  },
})
