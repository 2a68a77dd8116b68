import { typeRule } from './style-rules.ts'

export const avoidChar = typeRule({
  id: 'avoid-char',
  summary: 'It is padded with blanks, which comparisons then ignore.',
  why: 'char(n) saves nothing and surprises everybody.',
  safeWay: 'text, with a CHECK on its length when that matters.',
  matches: ({ name }) => name === 'bpchar' || name === 'character' || name === 'char',
  bad: 'char(3)',
  good: 'text',
})
