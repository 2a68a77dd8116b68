import { typeRule } from './style-rules.ts'

export const preferTimestamptz = typeRule({
  id: 'prefer-timestamptz',
  summary: 'Without a time zone, nobody knows which moment it was.',
  why: 'timestamp keeps what the clock on some wall said.',
  safeWay: 'timestamptz.',
  matches: ({ name }) => name === 'timestamp',
  bad: 'timestamp',
  good: 'timestamptz',
})
