import type {
  BrokenQuery,
  CheckedFile,
  CheckedInverse,
  CheckedRelease,
  CheckReport,
  RuleOnShadow,
} from '../../operations/migrations/check/report.ts'
import type { Paint } from './style.ts'

const MAX_SHOWN = 10
const MAX_TEXT_CHARS = 110

/** For people: what was done, who survives it, which inverse holds, and why it may not go on. */
export function renderCheck(report: CheckReport, paint: Paint): readonly string[] {
  const { postgres, history, files, schema, releases, inverses, blocks, warnings } = report
  const cached = history.replayed === 0 ? 'from a template' : `${history.replayed} replayed`
  return [
    `${postgres.place}; ${history.files} migrations of history, ${cached}; ${files.length} pending`,
    ...postgres.notSeen.map((one) => paint('dim', `  not seen: ${one}`)),
    ...files.flatMap((one) => renderFile(one, paint)),
    ...shorten(schema.removed).map((line) => paint('dim', `  - ${line}`)),
    ...shorten(schema.added).map((line) => paint('dim', `  + ${line}`)),
    ...releases.flatMap((one) => renderRelease(one, paint)),
    ...inverses.flatMap((one) => renderInverse(one, paint)),
    ...warnings.map((one) => paint('warn', `! ${one}`)),
    ...(blocks.length === 0 ? [paint('good', '✓ nothing blocks')] : blocks.map((one) => paint('bad', `✗ ${one}`))),
  ]
}

function renderFile({ path, failure, effects, rules }: CheckedFile, paint: Paint): readonly string[] {
  return [
    `${failure === null ? paint('good', '✓') : paint('bad', '✗')} ${paint('strong', path)}${failure === null ? '' : ` ${failure.sqlstate} ${failure.message}`}`,
    ...effects.flatMap(({ line, locks, rewrites, scans, isSeen }) => {
      const parts = [
        ...locks.filter(({ mode }) => mode !== 'AccessShare').map(({ relation, mode }) => `${mode} ${relation}`),
        ...rewrites.map((relation) => `rewrites ${relation}`),
        ...scans.map(({ relation }) => `reads all of ${relation}`),
        ...(isSeen ? [] : ['outside of a transaction: locks not seen']),
      ]
      return parts.length === 0 ? [] : [`    line ${line}: ${shorten(parts).join(', ')}`]
    }),
    ...rules.map((one) => renderRule(one, paint)),
  ]
}

const RULE_WORDS = { confirmed: 'confirmed', overridden: 'overridden by the shadow', open: 'stands' } as const

function renderRule({ rule, line, path, message, shadow, why }: RuleOnShadow, paint: Paint): string {
  const kind = shadow === 'overridden' ? 'dim' : 'bad'
  return paint(kind, `    ${path}:${line} ${rule}: ${message}: ${RULE_WORDS[shadow]}, ${why}`)
}

function renderRelease(one: CheckedRelease, paint: Paint): readonly string[] {
  const { release, verdict, queries, broken, notRun, notJudged, rules } = one
  const mark = { survives: paint('good', '✓'), broken: paint('bad', '✗'), unknown: paint('warn', '?') }[verdict]
  const says = { survives: 'survives', broken: 'does not survive', unknown: 'may not survive' }[verdict]
  const counts = [
    `${queries} known queries`,
    ...(broken.length === 0 ? [] : [`${broken.length} break`]),
    ...(notRun.length === 0 ? [] : [`${notRun.length} prepared and not run`]),
    ...(notJudged.length === 0 ? [] : [`${notJudged.length} fail already before`]),
  ]
  return [
    `${mark} ${paint('strong', release)} ${says}: ${counts.join(', ')}`,
    ...broken.slice(0, MAX_SHOWN).map((query) => `    ${renderQuery(query)}`),
    ...notRun.slice(0, MAX_SHOWN).map(({ text, why }) => paint('dim', `    not run: ${cut(text)} (${why})`)),
    ...notJudged.slice(0, MAX_SHOWN).map((query) => paint('dim', `    fails before: ${renderQuery(query)}`)),
    ...rules.map((rule) => renderRule(rule, paint)),
  ]
}

function renderQuery({ text, sqlstate, message, isGenerated }: BrokenQuery): string {
  return `${sqlstate} ${message}${isGenerated ? ' (made-up parameters)' : ''}: ${cut(text)}`
}

function renderInverse(
  { path, verdict, failure, differences, lost, broken }: CheckedInverse,
  paint: Paint,
): readonly string[] {
  switch (verdict) {
    case 'none':
      return [paint('dim', `  ${path} has no inverse: nothing before it can be taken back`)]
    case 'fails':
      return [paint('bad', `✗ the inverse ${path} fails: ${failure?.sqlstate ?? ''} ${failure?.message ?? ''}`)]
    case 'restores': {
      const [first] = lost
      return [
        paint(
          'good',
          `✓ the inverse ${path} restores the schema${first === undefined ? '' : `; shape only: ${first}`}`,
        ),
      ]
    }
    case 'differs':
      return [
        paint('bad', `✗ the inverse ${path} does not restore the schema`),
        ...differences.slice(0, MAX_SHOWN).map((line) => `    ${cut(line)}`),
        ...broken.slice(0, MAX_SHOWN).map((query) => `    ${renderQuery(query)}`),
      ]
  }
}

function shorten(lines: readonly string[]): readonly string[] {
  return lines.length <= MAX_SHOWN ? lines : [...lines.slice(0, MAX_SHOWN), `and ${lines.length - MAX_SHOWN} more`]
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > MAX_TEXT_CHARS ? `${line.slice(0, MAX_TEXT_CHARS - 1)}…` : line
}
