import type { AppliedFile, ShadowFile, ShadowStatement, SqlFailure, StatementEffect } from '../../ports/shadow.ts'
import { attempt, type Session } from './session.ts'
import type { Watch } from './watch.ts'

/** SQLSTATE of what cannot stand in a transaction, and of an enum's value that is used in the transaction which adds it. */
const NEEDS_NO_TRANSACTION = ['25001', '55P04']

/** A runner's connections come and go: what a file sets in its session is not there for the next one, months later. */
const SETS = /\bset(_config)?\b/i
export const FORGET = 'RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL'

/**
 * Sends a file as its runner does. `skip` goes on behind a statement that fails, where each is a transaction of its own. Without a watch the
 * statements of one transaction go in one text: a history of 800 files is 800 questions.
 */
export async function applyFile(
  session: Session,
  file: ShadowFile,
  watch: Watch | null,
  onFailure: 'stop' | 'skip' = 'stop',
): Promise<AppliedFile> {
  const applied = await send(session, file, watch, onFailure)
  if (file.statements.some(({ text }) => SETS.test(text))) await session.rows(FORGET)
  return applied
}

async function send(
  session: Session,
  file: ShadowFile,
  watch: Watch | null,
  onFailure: 'stop' | 'skip',
): Promise<AppliedFile> {
  const hasOwn = file.statements.some(({ isControl }) => isControl)
  if (hasOwn || file.transaction === 'statement') return applyApart(session, file, watch, hasOwn, onFailure)
  const together = await applyTogether(session, file, watch)
  const isRefused = together.failure !== null && NEEDS_NO_TRANSACTION.includes(together.failure.sqlstate)
  return isRefused && file.transaction === 'unknown' ? applyApart(session, file, watch, false, onFailure) : together
}

async function applyTogether(session: Session, file: ShadowFile, watch: Watch | null): Promise<AppliedFile> {
  const { name, statements } = file
  const effects: StatementEffect[] = []
  let failure: SqlFailure | null = null
  await session.rows('BEGIN')
  if (watch === null) {
    failure = await attempt(session, statements.map(({ text }) => text).join(';\n'))
  } else {
    for (const one of statements) {
      failure = await attempt(session, one.text, one.line)
      if (failure !== null) break
      effects.push(await watch.effectOf(one, true))
    }
  }
  const end = failure === null ? await attempt(session, 'COMMIT') : await attempt(session, 'ROLLBACK')
  // A deferred constraint speaks at the end.
  return { name, failure: failure ?? end, effects }
}

async function applyApart(
  session: Session,
  { name, statements }: ShadowFile,
  watch: Watch | null,
  hasOwn: boolean,
  onFailure: 'stop' | 'skip',
): Promise<AppliedFile> {
  const effects: StatementEffect[] = []
  let first: SqlFailure | null = null
  for (const one of statements) {
    const isWrapped = !hasOwn && !one.isAlone
    const failure = await applyOne(session, one, isWrapped, watch, effects, hasOwn)
    first ??= failure
    if (failure !== null && onFailure === 'stop') break
  }
  if (hasOwn) await attempt(session, 'ROLLBACK')
  return { name, failure: first, effects }
}

async function applyOne(
  session: Session,
  one: ShadowStatement,
  isWrapped: boolean,
  watch: Watch | null,
  effects: StatementEffect[],
  hasOwn: boolean,
): Promise<SqlFailure | null> {
  if (!isWrapped) {
    const failure = await attempt(session, one.text, one.line)
    if (failure === null && watch !== null) effects.push(await watch.effectOf(one, hasOwn))
    return failure
  }
  await session.rows('BEGIN')
  const failure = await attempt(session, one.text, one.line)
  if (failure === null && watch !== null) effects.push(await watch.effectOf(one, true))
  const end = await attempt(session, failure === null ? 'COMMIT' : 'ROLLBACK')
  return failure ?? end
}
