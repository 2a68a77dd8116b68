import { type LockMode, strongerLock } from '../../domain/lock-mode.ts'
import type { Relation } from '../catalog/types.ts'
import { defineRule, shown } from './define-rule.ts'

export const takeLock = defineRule({
  id: 'take-lock',
  axes: ['L'],
  group: 'core',
  summary: 'The lock that the statement takes, where nothing else is to be said.',
  why: 'AccessExclusive is instant when it is granted at once; until then everybody queues behind it, so a lock timeout belongs to it.',
  safeWay: 'A short lock_timeout, and a repeat.',
  examples: {
    given: 'CREATE TABLE t (a int)',
    bad: 'ALTER TABLE t ADD COLUMN b int',
    good: 'CREATE TABLE n (a int)',
  },
  atEnd({ applied, before, existed, isSaid, report }) {
    for (const one of applied) {
      const held = [...one.locks].filter(([oid]) => existed(oid))
      const strongest = held.reduce<LockMode | undefined>((mode, [, next]) => strongerLock(mode, next), undefined)
      for (const [oid, mode] of held) {
        const relation: Relation | undefined = before.relation(oid)
        // An index is locked along with its table: said only when it is locked harder.
        if (
          relation === undefined ||
          isSaid(one, oid) ||
          mode !== strongest ||
          (relation.kind === 'index' &&
            held.some(([other]) => other === relation.table && one.locks.get(other) === mode))
        )
          continue
        const cost = one.rewrites.has(oid) ? 'rewrite' : one.scans.has(oid) ? 'scan' : 'instant'
        report(one, { severity: 'note', message: `${mode} on ${shown(relation)}: ${cost}`, relation: oid })
      }
    }
  },
})
