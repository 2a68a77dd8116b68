import { BackflipError, refusal } from '../../domain/errors.ts'
import type { BackfillAsk, BackfillState } from '../../ports/backfill.ts'
import { BACKFILL_BEGIN, BACKFILL_LOCK, BACKFILL_LOOP, BACKFILL_STATE, BACKFILL_TABLE } from './backfill-script.ts'
import { type PostgresHost, placeOf } from './host.ts'
import { psql, psqlJson } from './psql.ts'

const MAX_NAME_BYTES = 200
/** Sweeps that still find rows after that many never end: the condition holds for rows that were changed, or somebody makes new ones all the time. */
const MAX_PASSES = 12
const REMAINING_LIMIT = 1_000
/** A scan of the whole table, which nobody waits for. */
const ASSERT_TIMEOUT_MS = 60 * 60_000
/** For one transaction that turns out slow. */
const GRACE_MS = 60_000

interface Refused {
  readonly refused: 'held' | 'no-table' | 'no-key' | 'changed'
}

const SCRIPT = `${BACKFILL_TABLE}${BACKFILL_LOCK}
\\if :mine
${BACKFILL_BEGIN}
\\if :without_table
SELECT '{"refused":"no-table"}';
\\elif :is_other
SELECT '{"refused":"changed"}';
\\elif :without_key
DELETE FROM backflip.backfill WHERE name = :'name' AND batches = 0;
SELECT '{"refused":"no-key"}';
\\else
SELECT set_config('backflip.ask', :'ask', false) IS NULL AS unset \\gset
${BACKFILL_LOOP}
${BACKFILL_STATE}
\\endif
\\else
SELECT '{"refused":"held"}';
\\endif`

/** One slice. The session, and its lock, end with psql. */
export async function backfill(host: PostgresHost, ask: BackfillAsk): Promise<BackfillState> {
  if (Buffer.byteLength(ask.name) > MAX_NAME_BYTES) {
    throw refusal('the name of a backfill has at most 200 bytes', { code: 'backfill-name', hint: '--name NAME' })
  }
  const answer = await psqlJson<BackfillState | Refused>(host, {
    script: SCRIPT,
    values: valuesOf(ask),
    timeoutMs: ask.sliceMs + GRACE_MS,
    lockTimeoutMs: ask.lockTimeoutMs,
  })
  if ('refused' in answer) throw refusedError(host, ask, answer.refused)
  if (answer.phase === 'assert') return assertDone(host, ask, answer)
  if (answer.passes > MAX_PASSES) throw rowsRemain(host, ask, answer.passes, null)
  return answer
}

function valuesOf(ask: BackfillAsk): { readonly [name: string]: string } {
  const table = [ask.schema, ask.table]
    .flatMap((one) => (one === null ? [] : `"${one.replaceAll('"', '""')}"`))
    .join('.')
  return {
    name: ask.name,
    table,
    statement: `${ask.head} WHERE ${ask.where ?? 'true'}`,
    ask: JSON.stringify({ ...ask, table }),
  }
}

/** All rows at one moment: a sweep in pieces has not seen what was written behind it. */
async function assertDone(host: PostgresHost, ask: BackfillAsk, state: BackfillState): Promise<BackfillState> {
  const from = valuesOf(ask).table ?? ''
  const name = { name: ask.name }
  const left = `SELECT count(*) FROM (SELECT FROM ${from} AS ${quoted(ask.alias)} WHERE ${ask.where ?? 'false'} LIMIT ${REMAINING_LIMIT}) AS one;`
  const remainingRows = Number((await psql(host, { script: left, timeoutMs: ASSERT_TIMEOUT_MS })).trim())
  if (remainingRows > 0 && state.passes > MAX_PASSES) throw rowsRemain(host, ask, state.passes, remainingRows)
  const next =
    remainingRows === 0
      ? "phase = 'done', finished_at = clock_timestamp()"
      : "phase = 'sweep', last_key = NULL, pass_changed_rows = 0"
  await psql(host, { script: `UPDATE backflip.backfill SET ${next} WHERE name = :'name';`, values: name })
  return { ...state, phase: remainingRows === 0 ? 'done' : 'sweep', remainingRows }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function rowsRemain(host: PostgresHost, ask: BackfillAsk, passes: number, rows: number | null): BackflipError {
  return new BackflipError(`${ask.table} in ${placeOf(host)} still has rows to do after ${passes} passes`, {
    code: 'backfill-rows-remain',
    kind: 'failed',
    details: [
      ...(rows === null
        ? []
        : [rows < REMAINING_LIMIT ? `${rows} rows match` : `${REMAINING_LIMIT} rows or more match`]),
      `the condition: ${ask.where ?? 'none'}`,
      'it holds for rows that were changed already, or new rows come in that nothing fills',
    ],
    hint: 'make the condition false for a row that is done; see that a trigger or the release fills new rows',
  })
}

function refusedError(host: PostgresHost, ask: BackfillAsk, why: Refused['refused']): BackflipError {
  switch (why) {
    case 'held':
      return new BackflipError(`another session works on the backfill ${ask.name}`, {
        code: 'backfill-held',
        kind: 'held',
        hint: 'wait until it has ended, then: the same command',
      })
    case 'no-table':
      return refusal(`${placeOf(host)} has no table ${ask.table}`, {
        code: 'backfill-no-table',
        hint: 'name the schema too, and run the expanding migration first',
      })
    case 'no-key':
      return refusal(`${ask.table} has no primary key to go along`, {
        code: 'backfill-no-key',
        hint: 'backflip migrations plan "ALTER TABLE … ADD PRIMARY KEY …"',
      })
    case 'changed':
      return refusal(`the backfill ${ask.name} was begun with another statement`, {
        code: 'backfill-changed',
        hint: 'give it another name: --name NAME',
      })
  }
}
