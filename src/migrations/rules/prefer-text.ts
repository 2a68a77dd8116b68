import { typeRule } from './style-rules.ts'

export const preferText = typeRule({
  id: 'prefer-text',
  summary: 'A limit that is in the type is hard to change.',
  why: 'Narrowing varchar(n) rewrites the table; a CHECK can be added NOT VALID and validated.',
  safeWay: 'text, with a CHECK on its length when that matters.',
  matches: ({ name, modifiers }) => name === 'varchar' && modifiers.length > 0,
  bad: 'varchar(20)',
  good: 'text',
})
