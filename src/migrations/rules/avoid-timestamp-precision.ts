import { typeRule } from './style-rules.ts'

export const avoidTimestampPrecision = typeRule({
  id: 'avoid-timestamp-precision',
  summary: 'Rounding puts moments into the future.',
  why: 'timestamp(0) rounds half seconds up instead of cutting them.',
  safeWay: "timestamptz, and date_trunc('second', …) where it is shown.",
  matches: ({ name, modifiers }) => name.startsWith('timestamp') && modifiers[0] === 0,
  bad: 'timestamptz(0)',
  good: 'timestamptz',
})
