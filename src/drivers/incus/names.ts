import { usageError } from '../../domain/errors.ts'
import { quote } from '../../domain/ids.ts'

/** A name that passed its parser, so that it can stand in a path of the API. */
type Branded<Name extends string> = string & { readonly __incus: Name }

export type InstanceName = Branded<'instance'>
export type SnapshotName = Branded<'snapshot'>
export type ProjectName = Branded<'project'>
export type DeviceName = Branded<'device'>
export type PoolName = Branded<'pool'>

/** Narrower than what Incus takes: it accepts a snapshot called `..` (research/reliability.md §5.2). */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/

function nameParser<T extends string>(what: string): (text: string) => T {
  return (text) => {
    if (NAME.test(text)) return text as T
    throw usageError(
      `${quote(text)} cannot be the name of ${what}: lower-case letters, digits and dashes, at most 63, no dash first`,
      { code: 'bad-incus-name' },
    )
  }
}

export const parseInstanceName = nameParser<InstanceName>('an instance')
export const parseSnapshotName = nameParser<SnapshotName>('a snapshot')
export const parseProjectName = nameParser<ProjectName>('a project')
export const parseDeviceName = nameParser<DeviceName>('a device')
export const parsePoolName = nameParser<PoolName>('a storage pool')
