import { BackflipError, type ErrorFacts } from '../../domain/errors.ts'
import { lines, type PostgresHost, placeOf } from './host.ts'

interface PsqlEnd {
  readonly exitCode: number | null
  readonly stderr: string
}

/** `psql:<stdin>:3: ERROR:  42P01: relation …`, with VERBOSITY=verbose. */
const REPORTED = /(?:ERROR|FATAL|PANIC): {2}([0-9A-Z]{5}): (.*)/

/** psql ends with 2 when it had no connection or lost it, with 3 when a statement failed (psql(1), "Exit status"). */
const CONNECTION_LOST = 2
export const STATEMENT_FAILED = 3

/** A statement failed, and psql's report of it, which it always makes, did not reach us (`until` in ports/transport.ts). */
export function isWordless({ exitCode, stderr }: PsqlEnd): boolean {
  return exitCode === STATEMENT_FAILED && sqlState(stderr) === null
}

export function sqlState(stderr: string): { readonly state: string; readonly message: string } | null {
  const found = REPORTED.exec(stderr)
  return found === null ? null : { state: found[1] ?? '', message: found[2] ?? '' }
}

/** What psql said, as an error that names the place, what was not changed and what to do. A script of ours is one transaction or changes nothing. */
export function psqlError(host: PostgresHost, end: PsqlEnd): BackflipError {
  const found = sqlState(end.stderr)
  const details = [
    ...(found === null ? [] : [`SQLSTATE ${found.state}: ${found.message}`]),
    ...lines(end.stderr).filter((line) => !REPORTED.test(line) && !line.startsWith('LOCATION:')),
    'nothing was changed by the statement that failed',
  ]
  const { says, ...facts } = explain(found?.state ?? null, end)
  return new BackflipError(`${placeOf(host)} ${says}`, { kind: 'failed', details, ...facts })
}

function explain(
  state: string | null,
  { exitCode, stderr }: PsqlEnd,
): Pick<ErrorFacts, 'code' | 'hint'> & { says: string } {
  switch (state) {
    case '55P03':
      return {
        says: 'has a lock that somebody else holds',
        code: 'database-lock-timeout',
        hint: 'look who holds it (pg_stat_activity, pg_locks), then the same command',
      }
    case '57014':
      return { says: 'took longer than its limit', code: 'database-timeout', hint: 'the same command, with more time' }
    case '42501':
      return noRight()
  }
  // Before a session there is no verbose report: libpq's own words are all there is.
  if (
    /authentication failed|no pg_hba\.conf entry|role .* does not exist|must be superuser|permission denied/.test(
      stderr,
    )
  )
    return noRight()
  if (/database .* does not exist/.test(stderr)) {
    return { says: 'does not exist', code: 'database-not-found', hint: "the service's `database` in backflip.yaml" }
  }
  if (exitCode === CONNECTION_LOST) {
    return { says: 'does not answer', code: 'database-unreachable', hint: 'look at the server and at its log' }
  }
  return { says: 'refused a statement', code: 'database-error' }
}

function noRight() {
  return {
    says: 'does not let us do this',
    code: 'database-no-right',
    hint: 'the role must be a superuser that the server lets in by its socket (pg_hba.conf: local all postgres peer)',
  }
}
