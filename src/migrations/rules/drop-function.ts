import { defineRule, shown } from './define-rule.ts'

export const dropFunction = defineRule({
  id: 'drop-function',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release still calls the function with these arguments.',
  why: 'A function is called by its name and the types of its arguments. Dropped, or dropped and made again with others, calls of the old release fail with 42883. Also where a new one with defaults would answer the call, what was granted on the old one is gone.',
  fails: ['42883'],
  safeWay: 'Add the new one beside the old (an overload); drop the old one in a later deploy.',
  examples: {
    given: "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'select 1'",
    bad: "DROP FUNCTION f(int); CREATE FUNCTION f(int, int) RETURNS int LANGUAGE sql AS 'select 1'",
    good: "CREATE FUNCTION f(int, int) RETURNS int LANGUAGE sql AS 'select 1'",
  },
  on: {
    'drop-routine': ({ routine }, { before, after, report }, applied) => {
      const was = before.routine(routine.oid)
      // No statement of an application can call a trigger function.
      if (was === undefined || was.returns === 'trigger' || was.returns === 'event_trigger') return
      if (after.routinesNamed(was.schema, was.name).some((one) => one.arguments === was.arguments)) return
      const is = after.routine(was.oid)
      const what =
        is === undefined
          ? `drops ${shown(was)}(${was.arguments})`
          : `makes ${shown(is)} of ${shown(was)}(${was.arguments})`
      report(applied, { message: what, sqlstate: '42883' })
    },
  },
})
