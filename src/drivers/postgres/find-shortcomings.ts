import type { Shortcoming } from '../../ports/shortcoming.ts'
import type { PostgresHost } from './host.ts'
import { psqlJson } from './psql.ts'

const LIMIT_MS = 8_000

interface Settings {
  readonly walKeptMib: number
  readonly hasDataChecksums: boolean
  readonly hasAmcheck: boolean
  /** `role, application` of open sessions that are not ours. */
  readonly superusers: readonly string[]
}

/** In one bounded question, so that a server that hangs holds nobody up. */
export async function findShortcomings(host: PostgresHost): Promise<readonly Shortcoming[]> {
  return judge(await psqlJson<Settings>(host, { script: SETTINGS, timeoutMs: LIMIT_MS }))
}

function judge({ walKeptMib, hasDataChecksums, hasAmcheck, superusers }: Settings): readonly Shortcoming[] {
  return [
    ...(hasAmcheck
      ? []
      : [
          {
            message: 'the extension amcheck is not installed: no snapshot can be proved whole',
            hint: "PostgreSQL's contrib package, where the server runs",
          },
        ]),
    ...(walKeptMib > 0
      ? []
      : [
          advice(
            'wal_keep_size is 0: two checkpoints after a snapshot its log may be gone, and what a restore would lose is "at most", not to the row',
            "ALTER SYSTEM SET wal_keep_size = '2GB'; SELECT pg_reload_conf();",
          ),
        ]),
    ...(hasDataChecksums
      ? []
      : [
          advice(
            'data pages have no checksums: what a disk has damaged is found when it is read',
            'pg_checksums --enable, while the server is stopped',
          ),
        ]),
    ...superusers.map((session) =>
      advice(
        `a superuser is connected (${session}): a restore ends its sessions and cannot keep it from coming back`,
        'a role without SUPERUSER for the app',
      ),
    ),
  ]
}

function advice(message: string, hint: string): Shortcoming {
  return { message, hint, isAdvice: true }
}

const SETTINGS = `
SELECT json_build_object(
  'walKeptMib', (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_keep_size'),
  'hasDataChecksums', current_setting('data_checksums')::boolean,
  'hasAmcheck', EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck'),
  'superusers', (SELECT coalesce(json_agg(DISTINCT concat_ws(', ', a.usename, nullif(a.application_name, ''))), '[]')
    FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
    WHERE a.backend_type = 'client backend' AND r.rolsuper AND a.pid <> pg_backend_pid()
      AND NOT (a.application_name = 'backflip' AND a.usename = current_user))
);`
