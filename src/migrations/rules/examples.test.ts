import { beforeAll, describe, expect, it } from 'vitest'
import { lintFiles } from '../lint/lint.ts'
import { loadParser, type SqlParser } from '../sql/parser.ts'
import type { Rule } from './define-rule.ts'
import { RULES } from './index.ts'
import { ruleTable } from './judge.ts'

let parser: SqlParser

beforeAll(async () => {
  parser = await loadParser()
})

function firedBy(rule: Rule, sql: string): readonly string[] {
  const { given, transaction = 'unknown', major = 18 } = rule.examples
  const history =
    given === undefined
      ? []
      : [{ path: 'given.sql', name: 'given', text: given, visible: given, transaction, isPending: false }]
  const files = [
    ...history,
    { path: 'example.sql', name: 'example', text: sql, visible: sql, transaction, isPending: true },
  ]
  const settings = {
    server: { major, timeZone: 'UTC' },
    rules: ruleTable(RULES),
    deploys: 'together',
    world: 'open',
    today: '2026-11-25',
  } as const
  const [file] = lintFiles(parser, files, settings).files
  const unread = file?.findings.filter((one) => one.rule === 'read-sql') ?? []
  if (rule.id !== 'read-sql' && unread.length > 0)
    throw new Error(`the example of ${rule.id} cannot be read: ${unread[0]?.message ?? ''}`)
  return file?.findings.map((one) => one.rule) ?? []
}

describe.each(RULES.filter(({ scope }) => scope === undefined).map((rule) => [rule.id, rule] as const))(
  '%s',
  (id, rule) => {
    it('fires on its bad example', () => expect(firedBy(rule, rule.examples.bad)).toContain(id))
    it('is quiet on its good example', () => expect(firedBy(rule, rule.examples.good)).not.toContain(id))
    it('is named <verb>-<object> and says what, why and what instead', () => {
      expect(id).toMatch(/^[a-z]+(-[a-z]+)+$/)
      for (const text of [rule.summary, rule.why, rule.safeWay]) expect(text).toMatch(/[.…]$/)
    })
  },
)
