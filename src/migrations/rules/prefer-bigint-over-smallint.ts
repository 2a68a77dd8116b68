import { typeRule } from './style-rules.ts'

export const preferBigintOverSmallint = typeRule({
  id: 'prefer-bigint-over-smallint',
  summary: 'Thirty-two thousand is few.',
  why: 'A smallint saves nothing where the next column is aligned, and widening it rewrites the table.',
  safeWay: 'bigint.',
  matches: ({ name }) => ['int2', 'smallint', 'smallserial', 'serial2'].includes(name),
  bad: 'smallint',
  good: 'bigint',
})
