import { verdictLine } from '../../domain/compatibility/gate.ts'
import type { SchemaStatus } from '../../operations/schema-status.ts'
import type { Paint } from './style.ts'

/** Who fits the schema, what was taken on with an override, and what waits for a second person. */
export function renderSchema(schema: SchemaStatus, paint: Paint): readonly string[] {
  const { sha, at, between, releases, floor, overrides, approvals } = schema
  const paints = { compatible: 'good', incompatible: 'bad', unknown: 'warn' } as const
  const of = sha === null ? 'nobody knows which migrations made it' : `as ${sha.slice(0, 12)} migrated it at ${at}`
  return [
    `  schema     ${of}`,
    ...(between === null
      ? []
      : [`             ${paint('bad', `or further: the migration of ${between.slice(0, 12)} did not end well`)}`]),
    ...releases.map((one) => `             ${paint(paints[one.verdict], verdictLine(one))}`),
    ...(floor === null ? [] : [`             everything back to ${floor.slice(0, 12)} fits`]),
    ...overrides.map(
      ({ rules, migrations, reason, actor, approvedBy, expires, inverse }) =>
        `  ${paint('warn', 'override')}   ${rules.join(', ')} of ${migrations.join(', ')}: ${reason}, by ${actor}${approvedBy === null ? '' : ` and ${approvedBy}`}${expires === null ? '' : `, until ${expires}`}; ${inverse === null ? 'NO INVERSE' : `inverse ${inverse.file}`}`,
    ),
    ...approvals.map(
      ({ key, kind, target, askedBy }) =>
        `  ${paint('warn', 'approval')}   ${kind} of ${target.slice(0, 12)} waits for a second person, asked for by ${askedBy}   ${paint('dim', `backflip approve ${key.slice(0, 12)}`)}`,
    ),
  ]
}
