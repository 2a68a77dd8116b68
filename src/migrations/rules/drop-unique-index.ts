import { indexOf } from '../catalog/catalog.ts'
import { defineRule, type RuleContext, shown } from './define-rule.ts'

export const dropUniqueIndex = defineRule({
  id: 'drop-unique-index',
  axes: ['N', 'I'],
  group: 'core',
  summary: 'ON CONFLICT of the previous release finds no index to rest on.',
  why: '`INSERT … ON CONFLICT (email)` needs a unique index on exactly these columns; without it the statement fails with 42P10, also when no row conflicts. Meanwhile duplicates come in, and the index cannot be built again without cleaning them up.',
  fails: ['42P10'],
  safeWay: 'Drop it in a later deploy, when no release of the rollback window has an ON CONFLICT on its columns.',
  examples: {
    given: 'CREATE TABLE users (id bigint, email text); CREATE UNIQUE INDEX users_email ON users (email)',
    bad: 'DROP INDEX users_email',
    good: 'CREATE INDEX users_id ON users (id)',
  },
  on: {
    'drop-index': ({ index }, context, applied) => {
      const was = indexOf(context.before, index.oid)
      if (was?.isUnique !== true || !isMissed(context, index.table, was.isAssumed)) return
      if (!was.isAssumed && isReplaced(context, index.table, was.definition)) return
      context.report(applied, {
        message: `drops the unique index ${shown(was)}: ON CONFLICT on its columns fails`,
        sqlstate: '42P10',
        relation: index.table,
      })
    },
  },
})

/** Its table is still there, and was before. */
function isMissed({ before, after }: RuleContext, table: number, isAssumed: boolean): boolean {
  return isAssumed || (before.relation(table) !== undefined && after.relation(table) !== undefined)
}

function isReplaced({ applied, after }: RuleContext, table: number, definition: string): boolean {
  return applied.some(({ changes }) =>
    changes.some((one) => {
      const made =
        one.kind === 'create-index' ? one.index.oid : one.kind === 'add-constraint' ? one.constraint.index : null
      const index = made === null ? undefined : indexOf(after, made)
      return index !== undefined && index.table === table && index.definition === definition
    }),
  )
}
