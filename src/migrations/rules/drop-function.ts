import { defineRule, shown } from './define-rule.ts'

export const dropFunction = defineRule({
  id: 'drop-function',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release still calls the function with these arguments.',
  why: 'A function is called by its name and the types of its arguments. Dropped, or dropped and made again with others, calls of the old release fail with 42883. Made again with other names for its arguments, calls that name them (`f(a => 1)`) fail too, and so do reads of a column that it no longer returns.',
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
      const again = after.routinesNamed(was.schema, was.name).find((one) => one.arguments === was.arguments)
      if (again !== undefined) {
        const given = was.argumentNames.filter((name) => !again.argumentNames.includes(name))
        const read = was.outputNames.filter((name) => !again.outputNames.includes(name))
        const lost = [...given, ...read].join(', ')
        const sqlstate = given.length > 0 ? '42883' : '42703'
        if (lost !== '')
          report(applied, { message: `${shown(was)}(${was.arguments}) no longer knows ${lost}`, sqlstate })
        return
      }
      const is = after.routine(was.oid)
      const what =
        is === undefined
          ? `drops ${shown(was)}(${was.arguments})`
          : `makes ${shown(is)} of ${shown(was)}(${was.arguments})`
      report(applied, { message: what, sqlstate: '42883' })
    },
  },
})
