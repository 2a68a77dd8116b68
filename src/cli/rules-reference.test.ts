import { beforeAll, describe, expect, it } from 'vitest'
import { lintFiles } from '../migrations/lint/lint.ts'
import { RULES } from '../migrations/rules/index.ts'
import { ruleTable } from '../migrations/rules/judge.ts'
import { loadParser, type SqlParser } from '../migrations/sql/parser.ts'
import { ALLOWED } from './rules-reference.ts'

const GIVEN = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE teams (id bigint PRIMARY KEY);
  CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, name varchar(20));
  ALTER TABLE users ADD CONSTRAINT name_short CHECK (length(name) < 20) NOT VALID;
`

let parser: SqlParser

beforeAll(async () => {
  parser = await loadParser()
})

describe('what the table calls allowed', () => {
  it.each(ALLOWED)('blocks no deploy: %s', (_what, _why, sql) => {
    const file = (name: string, text: string, isPending: boolean) =>
      ({ path: name, name, text, visible: text, transaction: 'statement', isPending }) as const
    const { files } = lintFiles(parser, [file('given', GIVEN, false), file('deploy', sql, true)], {
      server: { major: 18, timeZone: 'UTC' },
      rules: ruleTable(RULES.filter(({ group }) => group === 'core')),
      deploys: 'together',
      world: 'closed',
      today: '2026-11-25',
    })
    expect(files[0]?.findings.filter(({ severity }) => severity === 'block')).toEqual([])
  })
})
