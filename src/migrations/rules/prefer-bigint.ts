import { typeRule } from './style-rules.ts'

export const preferBigint = typeRule({
  id: 'prefer-bigint',
  summary: 'Two thousand million is not many.',
  why: 'An integer key that runs out is an outage, and widening it rewrites the table. bigint costs four bytes.',
  safeWay: 'bigint.',
  matches: ({ name }) => ['int4', 'integer', 'int', 'serial', 'serial4'].includes(name),
  bad: 'int',
  good: 'bigint',
})
