import type { AgreedOverride, ApprovalRequest, Override } from '../domain/compatibility/override.ts'
import { refusal, usageError } from '../domain/errors.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import { short } from '../domain/ids.ts'
import type { Json } from '../domain/json.ts'
import type { ReleaseFacts } from '../domain/plan/facts.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import { sha256Hex } from '../lib/sha256.ts'
import type { Environment } from './environment.ts'
import type { JudgedFully } from './migrations/judge-migrations.ts'
import { proveOverride } from './migrations/prove-override.ts'
import { withLease } from './with-lease.ts'

/** What a person typed. */
export interface OverrideAsk {
  readonly rules: readonly string[]
  readonly reason: string
  readonly inverse: { readonly file: string; readonly text: string } | null
  /** `--no-inverse-possible`: said on purpose. */
  readonly hasNoInverse: boolean
  readonly expires: string | null
  /** Whether a second person may be asked for: a dry run writes nothing. */
  readonly asks: boolean
}

export interface OverrideFor {
  readonly kind: ApprovalRequest['kind']
  readonly target: ReleaseFacts
  /** Null: the release says nothing of its migrations. */
  readonly full: JudgedFully | null
  readonly ask: OverrideAsk
}

/**
 * An override that was needed, proved, and agreed to where the environment asks for a second person. Errors (kind `refused`): `no-inverse`,
 * `inverse-not-verified`, `nothing-to-override`, `needs-second-person`.
 */
export async function agreeOverride(
  environment: Environment,
  record: EnvironmentRecord,
  { kind, target, full, ask }: OverrideFor,
): Promise<AgreedOverride> {
  assertDay(ask.expires, environment.clock.now().slice(0, 10))
  if (full === null)
    throw refusal(`${short(target.sha)} does not say which migrations it carries: there is nothing to override`, {
      code: 'nothing-to-override',
      hint: 'write migrate.files into backflip.yaml, and publish',
    })
  if (ask.inverse === null && !ask.hasNoInverse)
    throw refusal('an override needs SQL that gives the old shape back, and it is verified first', {
      code: 'no-inverse',
      hint: '--inverse FILE; where there is none: --no-inverse-possible',
    })
  const override = await prove(environment, kind, target, full, ask)
  const { app, environment: name } = { app: environment.config.app, environment: environment.settings.name }
  const asked = { app, environment: name, kind, target: target.sha, override }
  const key = sha256Hex(canonicalJson(asked as unknown as Json))
  const approvedBy = environment.settings.migrations.secondPerson
    ? await secondPerson(environment, record, { key, kind, target: target.sha, override }, ask.asks)
    : null
  return { ...override, key, approvedBy }
}

async function prove(
  environment: Environment,
  kind: ApprovalRequest['kind'],
  { sha, manifest }: ReleaseFacts,
  full: JudgedFully,
  { rules, reason, inverse, expires }: OverrideAsk,
): Promise<Override> {
  const { postgres: major = 18, timeZone = 'UTC' } = manifest.migrationFiles ?? {}
  const target = kind === 'rollback' ? sha : null
  const proof = await proveOverride({ full, target, rules, inverse, server: { major, timeZone } })
  return {
    rules,
    reason,
    inverse:
      inverse === null
        ? null
        : { file: inverse.file, sha256: await environment.texts.keep(inverse.text), lost: proof.lost },
    expires,
    migrations: proof.migrations,
    releases: proof.releases,
  }
}

/** The journal is the place where one person asks and another agrees. */
async function secondPerson(
  environment: Environment,
  record: EnvironmentRecord,
  request: ApprovalRequest,
  asks: boolean,
): Promise<string> {
  const { journal, actor } = environment
  const known = record.approvals.find(({ key }) => key === request.key)
  if (known !== undefined && known.approvedBy !== null && known.approvedBy !== actor) return known.approvedBy
  if (known === undefined && asks) {
    await withLease(environment, `ask for an approval of ${request.kind} ${request.target}`, {}, async ({ lease }) => {
      await journal.append(lease.token, [{ operation: null, actor, fact: { kind: 'override-asked', request } }])
    })
  }
  throw refusal('this environment wants a second person to agree to an override', {
    code: 'needs-second-person',
    details: [
      `approval ${request.key}`,
      known === undefined
        ? asks
          ? 'asked for now; only that was written'
          : 'not asked for: this was a dry run'
        : `asked for by ${known.askedBy} at ${known.askedAt}`,
    ],
    hint: `somebody else: backflip approve ${request.key.slice(0, 12)}   (then the same command again)`,
  })
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

function assertDay(expires: string | null, today: string): void {
  if (expires === null) return
  const isDay = DAY.test(expires) && new Date(`${expires}T00:00:00Z`).toISOString().startsWith(expires)
  if (isDay && expires >= today) return
  throw usageError(isDay ? `${expires} is over` : `${JSON.stringify(expires)} is no day, as in 2026-12-31`, {
    code: 'bad-day',
    place: { flag: '--expires' },
  })
}
