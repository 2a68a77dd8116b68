import { typeRule } from './style-rules.ts'

export const avoidMoney = typeRule({
  id: 'avoid-money',
  summary: 'Its meaning depends on a setting of the server.',
  why: 'lc_monetary decides how many decimals it has and how it is printed; no currency is kept.',
  safeWay: 'numeric, and a column for the currency.',
  matches: ({ name }) => name === 'money',
  bad: 'money',
  good: 'numeric(12,2)',
})
