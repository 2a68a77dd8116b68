import { refusal } from '../errors.ts'
import { type Sha, short } from '../ids.ts'
import type { BrokenRelease, JudgedMigrations } from './judged.ts'
import type { Override } from './override.ts'
import { breakLines, type ReleaseVerdict } from './verdict.ts'

/** Said in capitals, because no command takes it back. */
const NO_INVERSE =
  'NO INVERSE: NO COMMAND BRINGS BACK WHAT THESE MIGRATIONS TAKE AWAY. THE ONLY WAY BACK IS A RESTORE, AND IT LOSES EVERY WRITE SINCE'

/** Error `breaks-releases` (exit 3) when the migrations break a release that may have to serve, and nobody takes it on themselves. */
export function refuseBreaking({ sha, broken, verdicts }: JudgedMigrations, override: Override | null): void {
  const open = uncovered(broken, override)
  if (open.length === 0) return
  const shas = open.map((one) => short(one.sha)).join(', ')
  const rules = [...new Set(open.flatMap(({ causes }) => causes.map(({ rule }) => rule)))]
  throw refusal(`after the migrations of ${short(sha)} these releases would not work any more: ${shas}`, {
    code: 'breaks-releases',
    details: [
      ...verdictsOf(verdicts, open).flatMap((one) => [`${short(one.sha)}: ${one.because}`, ...breakLines(one)]),
      'each of them serves now, or is a way back; a contract waits until none needs the old shape',
    ],
    hint: `backflip migrations lint --explain ${rules[0] ?? ''}   (or: backflip deploy ${sha} --override ${rules.join(',')} --reason TEXT --inverse FILE)`,
  })
}

/** Error `incompatible-release` (exit 3): the target's queries do not work on today's schema. `fitting`: releases that would. */
export function refuseIncompatible(
  verdict: ReleaseVerdict | null,
  override: Override | null,
  fitting: readonly Sha[],
): void {
  if (verdict?.verdict !== 'incompatible' || override !== null) return
  const { sha, because, breaks } = verdict
  const rules = [...new Set(breaks.map(({ rule }) => rule))].join(',')
  throw refusal(`${short(sha)} does not work on today's schema: ${because}`, {
    code: 'incompatible-release',
    details: [
      ...breakLines(verdict),
      fitting.length === 0
        ? 'no other good release is known to fit: fix forward, or take the migration back'
        : `known to fit: ${fitting.map(short).join(', ')}`,
      'take a migration back: backflip sql FILE --inverse-of MIGRATION --reason TEXT; then the same command',
    ],
    hint: `backflip rollback ${sha} --override ${rules} --reason TEXT --inverse FILE`,
  })
}

/** Error `nothing-to-override` when a rule is named that breaks nothing here: an override is for what was found, not for what may be. */
export function assertNeeded(broken: readonly BrokenRelease[], rules: readonly string[]): void {
  const found = [...new Set(broken.flatMap(({ causes }) => causes.map(({ rule }) => rule)))]
  const unused = rules.filter((rule) => !found.includes(rule))
  if (unused.length === 0) return
  throw refusal(`there is nothing to override by ${unused.join(', ')}`, {
    code: 'nothing-to-override',
    details: found.length === 0 ? ['no release breaks'] : [`what breaks releases here: ${found.join(', ')}`],
    hint: 'the same command without it',
  })
}

function uncovered(broken: readonly BrokenRelease[], override: Override | null): readonly BrokenRelease[] {
  return broken.filter(({ causes }) => causes.some(({ rule }) => override?.rules.includes(rule) !== true))
}

function verdictsOf(verdicts: readonly ReleaseVerdict[], broken: readonly BrokenRelease[]): readonly ReleaseVerdict[] {
  return verdicts.filter(({ sha }) => broken.some((one) => one.sha === sha))
}

const MAX_NAMES = 8

/** What a plan says of the migrations, one fact a line. */
export function migrationLines(judged: JudgedMigrations): readonly string[] {
  const { sha, pending, why, edited, verdicts } = judged
  const others = verdicts.filter((one) => one.sha !== sha)
  const fit = others.filter(({ verdict }) => verdict === 'compatible').map((one) => short(one.sha))
  return [
    pending === null ? `nobody knows which migrations are pending: ${why ?? 'unknown'}` : pendingLine(pending),
    ...(edited.length === 0
      ? []
      : [`edited after it was applied, so the database has what it said before: ${names(edited)}`]),
    ...(fit.length === 0 ? [] : [`fits the schema afterwards: ${fit.join(', ')}`]),
    ...others.filter(({ verdict }) => verdict !== 'compatible').map(verdictLine),
  ]
}

function pendingLine(pending: readonly string[]): string {
  return pending.length === 0 ? 'no migration is pending' : `pending: ${names(pending)}`
}

function names(all: readonly string[]): string {
  const rest = all.length - MAX_NAMES
  return `${all.slice(0, MAX_NAMES).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

export function verdictLine({ sha, verdict, because }: ReleaseVerdict): string {
  const said = {
    compatible: 'fits the schema',
    incompatible: 'DOES NOT FIT the schema',
    unknown: 'may fit the schema or not',
  }[verdict]
  return `${short(sha)} ${said}: ${because}`
}

/** What is taken on with an override, one fact a line. */
export function overrideLines(
  { rules, inverse, releases, migrations, expires }: Override,
  live: Sha | null,
): readonly string[] {
  return [
    `overridden: ${rules.join(', ')} of ${names(migrations)}${expires === null ? '' : `, until ${expires}`}`,
    inverse === null
      ? NO_INVERSE
      : `verified inverse: ${inverse.file}${inverse.lost.length === 0 ? '' : `; THE SHAPE ONLY: ${inverse.lost.join('; ')}`}`,
    ...(live !== null && releases.includes(live)
      ? [`THE LIVE RELEASE ${short(live)} BREAKS FROM ITS MIGRATION ON, AND A REVERT GOES BACK TO IT AS IT IS THEN`]
      : []),
  ]
}
