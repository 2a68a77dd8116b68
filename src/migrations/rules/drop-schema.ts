import { defineRule } from './define-rule.ts'

export const dropSchema = defineRule({
  id: 'drop-schema',
  axes: ['N', 'I'],
  group: 'core',
  summary: 'Everything in the schema goes, for the previous release too.',
  why: 'With CASCADE, every table, view, function and type in it is dropped without being named. Without, only an empty schema can be.',
  fails: ['42P01', '3F000'],
  safeWay: 'Drop its objects one by one, each when no release of the rollback window uses it; the empty schema last.',
  examples: {
    given: 'CREATE SCHEMA app; CREATE TABLE app.users (id bigint)',
    bad: 'DROP SCHEMA app CASCADE',
    good: 'CREATE SCHEMA other',
  },
  on: {
    'drop-schema': ({ name, isCascade, isKnown }, { existed, report }, applied) => {
      if (!isCascade) {
        report(applied, {
          severity: 'warn',
          message: `drops the schema ${name}, which must be empty`,
          sqlstate: '3F000',
        })
        return
      }
      // Of a schema that no migration made, nobody knows what is in it.
      const isUsed =
        !isKnown ||
        applied.changes.some((one) =>
          one.kind === 'drop-table'
            ? existed(one.table.oid)
            : one.kind === 'drop-view'
              ? existed(one.view.oid)
              : one.kind === 'drop-type',
        )
      if (!isUsed) return
      report(applied, { message: `drops the schema ${name} and everything in it`, sqlstate: '42P01' })
      report(applied, { axis: 'I', severity: 'warn', message: `all rows in ${name} are lost` })
    },
  },
})
