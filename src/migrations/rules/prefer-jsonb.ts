import { typeRule } from './style-rules.ts'

export const preferJsonb = typeRule({
  id: 'prefer-jsonb',
  summary: 'json keeps text and compares with nothing.',
  why: 'It has no equality, so DISTINCT and GROUP BY fail, and each access parses it again.',
  safeWay: 'jsonb.',
  matches: ({ name }) => name === 'json',
  bad: 'json',
  good: 'jsonb',
})
