/** One row a backfill: what a call finds when it goes on, after a crash too. It is written in the transaction whose rows it is about. */
export const BACKFILL_TABLE = `SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS backflip;
CREATE TABLE IF NOT EXISTS backflip.backfill (
  name text PRIMARY KEY,
  statement text NOT NULL,
  phase text NOT NULL DEFAULT 'pass',
  passes int NOT NULL DEFAULT 0,
  last_key text[],
  seen_rows bigint NOT NULL DEFAULT 0,
  total_rows bigint NOT NULL DEFAULT 0,
  changed_rows bigint NOT NULL DEFAULT 0,
  pass_changed_rows bigint NOT NULL DEFAULT 0,
  batch_rows int NOT NULL DEFAULT 500,
  batches bigint NOT NULL DEFAULT 0,
  lock_waits bigint NOT NULL DEFAULT 0,
  paused_ms bigint NOT NULL DEFAULT 0,
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz
);
RESET client_min_messages;`

/** Held by the session that works on it: a second caller, or one that came back after kill -9, waits for the first one's slice to end. */
export const BACKFILL_LOCK = `
SELECT pg_try_advisory_lock(hashtext('backflip.backfill'), hashtext(:'name')) AS mine \\gset`

/** Finds or makes the row; a backfill that is done begins another sweep. Ends the call when there is nothing to go over. */
export const BACKFILL_BEGIN = `
INSERT INTO backflip.backfill (name, statement, total_rows)
  SELECT :'name', :'statement', greatest(0, reltuples)::bigint FROM pg_class WHERE oid = to_regclass(:'table')
  ON CONFLICT (name) DO NOTHING;
UPDATE backflip.backfill SET phase = 'sweep', last_key = NULL, seen_rows = 0, passes = 1, pass_changed_rows = 0, finished_at = NULL
  WHERE name = :'name' AND phase = 'done' AND statement = :'statement';
SELECT NOT EXISTS (SELECT FROM pg_index WHERE indrelid = to_regclass(:'table') AND indisprimary) AS without_key,
  to_regclass(:'table') IS NULL AS without_table,
  (SELECT statement FROM backflip.backfill WHERE name = :'name') IS DISTINCT FROM :'statement' AS is_other \\gset`

/**
 * The loop runs in the server: one round trip for a slice of seconds, not one for each of thousands of transactions. Each turn is a transaction:
 * the rows between two keys, and the row that says so. A lock that somebody holds gives the turn up and makes the next one smaller.
 */
export const BACKFILL_LOOP = `
SET enable_seqscan = off;
-- A stricter level, set for the database, would end a slice where this one waits and goes on.
SET default_transaction_isolation = 'read committed';
DO $loop$
DECLARE
  ask constant jsonb := current_setting('backflip.ask')::jsonb;
  rel constant regclass := to_regclass(ask->>'table');
  stop_at constant timestamptz := clock_timestamp() + (ask->>'sliceMs')::int * interval '1 ms';
  keys text; out_keys text; low text; high text; condition text;
  work backflip.backfill;
  upper_key text[]; changed bigint; began timestamptz; took_ms float; why text; is_blocked boolean;
  paused float := 0;
BEGIN
  SELECT string_agg(format('%I.%I', ask->>'alias', attname), ', ' ORDER BY place),
         string_agg(format('%I.%I::text', ask->>'alias', attname), ', ' ORDER BY place),
         string_agg(format('($1)[%s]::%s', place, format_type(atttypid, atttypmod)), ', ' ORDER BY place),
         string_agg(format('($2)[%s]::%s', place, format_type(atttypid, atttypmod)), ', ' ORDER BY place)
    INTO keys, out_keys, low, high
    FROM pg_index, unnest(indkey::int2[]) WITH ORDINALITY AS part (attnum, place)
    JOIN pg_attribute USING (attnum)
    WHERE indrelid = rel AND indisprimary AND attrelid = rel AND place <= indnkeyatts;
  SELECT * INTO STRICT work FROM backflip.backfill WHERE name = ask->>'name';
  WHILE work.phase IN ('pass', 'sweep') AND clock_timestamp() < stop_at LOOP
    why := CASE
      WHEN EXISTS (SELECT FROM pg_locks WHERE relation = rel AND NOT granted) THEN 'waiters'
      WHEN EXISTS (SELECT FROM pg_stat_replication
        WHERE pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) > (ask->>'maxLagBytes')::bigint) THEN 'replica' END;
    IF why IS NOT NULL THEN
      PERFORM set_config('backflip.paused_by', why, false), pg_sleep(0.1);
      paused := paused + 100;
      COMMIT;
      CONTINUE;
    END IF;
    began := clock_timestamp();
    is_blocked := false;
    condition := CASE WHEN work.last_key IS NULL THEN 'true' ELSE format('(%s) > (%s)', keys, low) END;
    EXECUTE format('SELECT ARRAY[%s] FROM %s AS %I WHERE %s ORDER BY %s OFFSET $2 LIMIT 1', out_keys, rel, ask->>'alias', condition, keys)
      INTO upper_key USING work.last_key, work.batch_rows - 1;
    IF upper_key IS NOT NULL THEN condition := condition || format(' AND (%s) <= (%s)', keys, high); END IF;
    BEGIN
      EXECUTE (ask->>'head') || ' WHERE ' || condition || coalesce(' AND (' || (ask->>'where') || ')', '') USING work.last_key, upper_key;
      GET DIAGNOSTICS changed = ROW_COUNT;
      UPDATE backflip.backfill SET
          last_key = upper_key,
          seen_rows = CASE WHEN upper_key IS NULL THEN 0 ELSE seen_rows + batch_rows END,
          total_rows = CASE WHEN upper_key IS NULL THEN greatest(seen_rows, 1) ELSE greatest(total_rows, seen_rows + batch_rows) END,
          changed_rows = changed_rows + changed,
          pass_changed_rows = CASE WHEN upper_key IS NULL THEN 0 ELSE pass_changed_rows + changed END,
          passes = CASE WHEN upper_key IS NULL THEN passes + 1 ELSE passes END,
          -- A sweep that changed nothing is the end; without a condition nothing says that a row is done, and there is one pass.
          phase = CASE WHEN upper_key IS NOT NULL THEN phase WHEN ask->>'where' IS NULL THEN 'done'
            WHEN phase = 'sweep' AND pass_changed_rows + changed = 0 THEN 'assert' ELSE 'sweep' END,
          batches = batches + 1, paused_ms = paused_ms + paused, updated_at = clock_timestamp(),
          finished_at = CASE WHEN upper_key IS NULL AND ask->>'where' IS NULL THEN clock_timestamp() END
        WHERE name = ask->>'name';
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      is_blocked := true;
    END;
    COMMIT;
    took_ms := extract(epoch FROM clock_timestamp() - began) * 1000;
    -- The next turn: twice as many rows at most, half as many at least.
    UPDATE backflip.backfill SET
        batch_rows = greatest(1, least((ask->>'maxBatchRows')::int, batch_rows *
          CASE WHEN is_blocked THEN 0.5 ELSE least(2, greatest(0.5, (ask->>'targetMs')::float / greatest(took_ms, 0.1))) END))::int,
        lock_waits = lock_waits + is_blocked::int
      WHERE name = ask->>'name' RETURNING * INTO work;
    IF NOT is_blocked THEN paused := 0;
    ELSE PERFORM set_config('backflip.paused_by', 'lock', false), pg_sleep(0.05); END IF;
    COMMIT;
  END LOOP;
  UPDATE backflip.backfill SET paused_ms = paused_ms + paused WHERE name = ask->>'name' AND paused > 0;
END $loop$;
RESET enable_seqscan;`

/** What is printed at a call's end. */
export const BACKFILL_STATE = `
SELECT json_build_object('phase', phase, 'passes', passes, 'seenRows', seen_rows, 'totalRows', total_rows, 'changedRows', changed_rows,
  'batchRows', batch_rows, 'batches', batches, 'lockWaits', lock_waits, 'pausedMs', paused_ms,
  'pausedBy', nullif(current_setting('backflip.paused_by', true), ''), 'remainingRows', 0)
  FROM backflip.backfill WHERE name = :'name';`
