import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser, type SqlParser } from '../sql/parser.ts'
import { RULES } from './index.ts'
import { runExample } from './run-example.ts'

let parser: SqlParser

beforeAll(async () => {
  parser = await loadParser()
})

const withSql = RULES.filter(({ scope }) => scope === undefined)

describe.each(withSql.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  const fired = (which: 'bad' | 'good') => runExample(parser, rule, which).map((one) => one.rule)
  it('fires on its bad example', () => expect(fired('bad')).toContain(id))
  it('is quiet on its good example', () => expect(fired('good')).not.toContain(id))
  it('has examples that PostgreSQL’s grammar takes, unless it is about that', () => {
    const unreadable = (['bad', 'good'] as const).filter((which) => fired(which).includes('read-sql'))
    expect(unreadable).toEqual(id === 'read-sql' ? ['bad'] : [])
  })
})

it.each(RULES.map((rule) => [rule.id, rule] as const))('%s says what, why and what instead', (id, rule) => {
  expect(id).toMatch(/^[a-z]+(-[a-z]+)+$/)
  for (const text of [rule.summary, rule.why, rule.safeWay]) expect(text).toMatch(/[.…]$/)
})
