import type { UserType } from '../catalog/types.ts'
import type { Applied } from '../replay/changes.ts'
import { defineRule, type RuleContext, shown } from './define-rule.ts'
import { successorOf } from './drop-enum-value.ts'

export const dropType = defineRule({
  id: 'drop-type',
  axes: ['N'],
  group: 'core',
  summary: 'Casts and parameters of the previous release name the type.',
  why: 'ORMs cast to enum types by name (`$1::"Status"`), and drivers look types up by name when they connect. Without the type, or under another name, these statements fail with 42704.',
  fails: ['42704'],
  safeWay: 'Drop or rename it in a later deploy, when no release of the rollback window names it.',
  examples: {
    given: "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    bad: 'DROP TYPE mood',
    good: "ALTER TYPE mood ADD VALUE 'glad'",
  },
  on: {
    'drop-type': ({ type }, context, applied) => judge(type, context, applied),
    'rename-type': ({ type }, context, applied) => {
      // One that is dropped later is spoken of there.
      if (context.after.type(type.oid) !== undefined) judge(type, context, applied)
    },
  },
})

function judge({ oid }: UserType, { before, after, report }: RuleContext, applied: Applied): void {
  const was = before.type(oid)
  if (was === undefined || successorOf(after, was) !== undefined) return
  const is = after.type(oid)
  // A row type or a range is rarely named by an application; an enum or a domain is at every write.
  const severity = was.kind === 'composite' || was.kind === 'range' ? 'warn' : 'block'
  report(applied, {
    severity,
    message: is === undefined ? `drops the type ${shown(was)}` : `renames the type ${shown(was)} to ${shown(is)}`,
    sqlstate: '42704',
  })
}
