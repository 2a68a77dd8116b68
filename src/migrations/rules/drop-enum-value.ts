import type { CatalogView } from '../catalog/catalog.ts'
import type { UserType } from '../catalog/types.ts'
import type { Applied } from '../replay/changes.ts'
import { defineRule, type RuleContext, shown } from './define-rule.ts'

export const dropEnumValue = defineRule({
  id: 'drop-enum-value',
  axes: ['N', 'I'],
  group: 'core',
  summary: 'The previous release still writes or compares the value.',
  why: 'PostgreSQL has no way to drop a label, so the type is made anew and its columns are moved over. Old statements with the lost label fail with 22P02, those on connections from before with XX000 or 0A000; rows that had it were changed.',
  fails: ['22P02', 'XX000', '0A000'],
  safeWay: 'Keep the label and stop writing it. If it must be refused, a CHECK in a later deploy.',
  examples: {
    given: "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (m mood)",
    bad: "CREATE TYPE mood_new AS ENUM ('ok'); ALTER TABLE t ALTER COLUMN m TYPE mood_new USING m::text::mood_new; ALTER TYPE mood RENAME TO mood_old; ALTER TYPE mood_new RENAME TO mood; DROP TYPE mood_old",
    good: "ALTER TYPE mood ADD VALUE 'glad'",
  },
  on: {
    'drop-type': ({ type }, context, applied) => compare(type, context, applied),
    'rename-type': ({ type }, context, applied) => {
      // One that is dropped later is spoken of there.
      if (context.after.type(type.oid) !== undefined) compare(type, context, applied)
    },
  },
})

/** The enum that stands under the name after the deploy, beside the one that stood there before. */
function compare({ oid }: UserType, { before, after, report }: RuleContext, applied: Applied): void {
  const was = before.type(oid)
  const is = was === undefined ? undefined : successorOf(after, was)
  if (was?.kind !== 'enum' || is === undefined || is.oid === oid) return
  const lost = was.labels.filter(({ text }) => !is.labels.some((one) => one.text === text)).map(({ text }) => text)
  if (lost.length === 0) {
    report(applied, {
      severity: 'warn',
      message: `makes the type ${shown(was)} anew: statements prepared before fail once`,
      sqlstate: '0A000',
    })
    return
  }
  report(applied, { message: `${shown(was)} loses ${lost.map((one) => `'${one}'`).join(', ')}`, sqlstate: '22P02' })
  report(applied, {
    axis: 'I',
    severity: 'warn',
    message: `which rows had ${lost.map((one) => `'${one}'`).join(', ')} is lost`,
  })
}

export function successorOf(after: CatalogView, was: UserType): UserType | undefined {
  return after.typeNamed(was.schema, was.name)
}
