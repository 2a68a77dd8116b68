import { typeRule } from './style-rules.ts'

export const preferNumeric = typeRule({
  id: 'prefer-numeric',
  summary: 'Binary fractions are not what people count with.',
  why: '0.1 + 0.2 is not 0.3.',
  safeWay: 'numeric.',
  matches: ({ name }) => ['float4', 'float8', 'real'].includes(name),
  bad: 'double precision',
  good: 'numeric(10,2)',
})
