import { usageError } from './errors.ts'

/** Text that passed its parser. Only the parsers in this file make them, so a path or a config line built from one is safe. */
type Branded<Name extends string> = string & { readonly __brand: Name }

/** 40 lower-case hex digits: one git commit, one release. */
export type Sha = Branded<'Sha'>
export type AppName = Branded<'AppName'>
export type EnvironmentName = Branded<'EnvironmentName'>
export type ComponentName = Branded<'ComponentName'>
/** A database or a volume that is never colored. */
export type DataServiceName = Branded<'DataServiceName'>
/** Safe in every storage: Incus takes `..` for a name (research/reliability.md §5.2). */
export type SnapshotName = Branded<'SnapshotName'>
/** A UUID of version 7: sorts by time of making. */
export type OperationId = Branded<'OperationId'>
export type JournalId = Branded<'JournalId'>

const SHA = /^[0-9a-f]{40}$/
const NAME = /^[a-z][a-z0-9-]{0,30}$/
const SNAPSHOT = /^[a-z0-9][a-z0-9-]{0,62}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function isSha(text: string): text is Sha {
  return SHA.test(text)
}

export function parseSha(text: string, flag = 'SHA'): Sha {
  if (SHA.test(text)) return text as Sha
  throw usageError(`${quote(text)} is not a release: a release is named by its 40 lower-case hex digits`, {
    code: 'bad-sha',
    place: { flag },
    hint: 'backflip releases',
  })
}

function nameParser<T extends string>(what: string): (text: string, flag?: string) => T {
  return (text, flag = what) => {
    if (NAME.test(text) && !text.endsWith('-')) return text as T
    throw usageError(
      `${quote(text)} cannot be the name of ${what}: lower-case letters, digits and dashes, at most 31, a letter first`,
      { code: 'bad-name', place: { flag } },
    )
  }
}

export const parseAppName = nameParser<AppName>('an app')
export const parseEnvironmentName = nameParser<EnvironmentName>('an environment')
export const parseComponentName = nameParser<ComponentName>('a component')
export const parseDataServiceName = nameParser<DataServiceName>('a data service')

export function parseSnapshotName(text: string, flag = 'SNAPSHOT'): SnapshotName {
  if (SNAPSHOT.test(text)) return text as SnapshotName
  throw usageError(
    `${quote(text)} cannot be the name of a snapshot: lower-case letters, digits and dashes, at most 63`,
    {
      code: 'bad-snapshot-name',
      place: { flag },
      hint: 'backflip snapshots list',
    },
  )
}

export function parseOperationId(text: string, flag = 'OPERATION'): OperationId {
  if (UUID.test(text)) return text as OperationId
  throw usageError(`${quote(text)} is not an operation`, {
    code: 'bad-operation',
    place: { flag },
    hint: 'backflip history',
  })
}

export function parseJournalId(text: string): JournalId {
  if (UUID.test(text)) return text as JournalId
  throw usageError(`${quote(text)} is not a journal's id`, { code: 'bad-journal-id' })
}

/** The first twelve digits: enough for people, never used to find anything. */
export function short(sha: Sha): string {
  return sha.slice(0, 12)
}

/** Somebody's text inside an error: bounded, on one line, without control characters. */
export function quote(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text
  return JSON.stringify(shown)
}
