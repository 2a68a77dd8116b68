import { existsSync, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { BackflipError } from '../../domain/errors.ts'
import { ensurePrivateFolder } from '../../lib/safe-folder.ts'
import { CREATE_SCHEMA, SCHEMA_VERSION } from './schema.ts'

/** Of an extended result code of SQLite: 10 is SQLITE_IOERR, 13 SQLITE_FULL, whatever it was that failed. */
const PRIMARY_CODE = 0xff
const BUSY_TIMEOUT_MS = 5_000

export interface NewJournal {
  readonly id: string
  readonly app: string
  readonly environment: string
  readonly at: string
}

/**
 * Opens the file, or makes it: WAL, and every commit fsynced (`synchronous=FULL`). `fresh` is told once, inside the transaction that makes the
 * tables. Errors: `journal-corrupt` (kind `person`), `journal-too-new` (kind `refused`), `unsafe-state-folder`.
 */
export async function openDatabase(
  file: string,
  describe: () => NewJournal,
  fresh: (database: DatabaseSync, journal: NewJournal) => void,
): Promise<DatabaseSync> {
  // Loaded here and not above: a command that needs no journal does not pay for it.
  const { DatabaseSync } = await import('node:sqlite')
  ensurePrivateFolder(dirname(file))
  assertOwnFile(file)
  const umask = process.umask(0o077)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    database.exec('pragma journal_mode = wal; pragma synchronous = full;')
    prepareSchema(database, file, describe, fresh)
    return database
  } catch (error) {
    database?.close()
    throw asCorrupt(error, file)
  } finally {
    process.umask(umask)
  }
}

function prepareSchema(
  database: DatabaseSync,
  file: string,
  describe: () => NewJournal,
  fresh: (database: DatabaseSync, journal: NewJournal) => void,
): void {
  const version = readVersion(database)
  if (version === SCHEMA_VERSION) return
  if (version > SCHEMA_VERSION) {
    throw new BackflipError(
      `the journal ${file} was written by a newer backflip (schema ${version}; this one knows ${SCHEMA_VERSION})`,
      {
        code: 'journal-too-new',
        kind: 'refused',
        hint: 'with that version, or a newer one: backflip status',
      },
    )
  }
  database.exec('begin immediate')
  try {
    // Two processes may both have found an empty file: the second finds it filled.
    if (readVersion(database) === 0) {
      database.exec(CREATE_SCHEMA)
      fresh(database, describe())
      database.exec(`pragma user_version = ${SCHEMA_VERSION}`)
    }
    database.exec('commit')
  } catch (error) {
    database.exec('rollback')
    throw error
  }
}

function readVersion(database: DatabaseSync): number {
  return Number(database.prepare('pragma user_version').get()?.user_version ?? 0)
}

function assertOwnFile(file: string): void {
  if (!existsSync(file)) return
  const { mode, uid } = lstatSync(file)
  const own = process.geteuid?.()
  if ((mode & 0o022) === 0 && (own === undefined || own === uid)) return
  throw new BackflipError(`${file} cannot be trusted: others own it or can write into it`, {
    code: 'unsafe-state-folder',
    kind: 'refused',
    hint: `look at it, then: chmod 600 ${file}`,
  })
}

/** SQLITE_CORRUPT and SQLITE_NOTADB, and a file without our tables, are one thing to an operator. */
export function asCorrupt(error: unknown, file: string): unknown {
  if (error instanceof BackflipError) return error
  const { errcode, message } = error as { readonly errcode?: number; readonly message?: string }
  const broken = errcode === 11 || errcode === 26 || /no such table|malformed|not a database/.test(message ?? '')
  if (broken) return corrupt(file, 'it is damaged', error)
  if (errcode === 13)
    return new BackflipError('the journal cannot grow: the disk is full', {
      code: 'journal-full',
      kind: 'failed',
      cause: error,
      hint: 'free some space, then: backflip resume',
    })
  if (errcode !== undefined && (errcode & PRIMARY_CODE) === 10)
    return new BackflipError('the journal cannot be read or written: its disk fails, or is full', {
      code: 'journal-io',
      kind: 'failed',
      cause: error,
      details: ['what was being written is not there, or will not be believed: nothing went on after it'],
      hint: 'look at the disk (df, dmesg), then: backflip resume',
    })
  return error
}

export function corrupt(file: string, what: string, cause?: unknown): BackflipError {
  return new BackflipError(`the journal ${file} cannot be read: ${what}`, {
    code: 'journal-corrupt',
    kind: 'person',
    details: [
      'nothing was changed; traffic is where it was',
      'the edge knows which color is live: its state file names it',
    ],
    hint: 'restore the file from a copy, or begin a new one and: backflip adopt --reason TEXT',
    cause,
  })
}
