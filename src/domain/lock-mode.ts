/** PostgreSQL's, of relations. Weakest first: a later one conflicts with more. */
export const LOCK_MODES = [
  'AccessShare',
  'RowShare',
  'RowExclusive',
  'ShareUpdateExclusive',
  'Share',
  'ShareRowExclusive',
  'Exclusive',
  'AccessExclusive',
] as const
export type LockMode = (typeof LOCK_MODES)[number]

export function strongerLock(a: LockMode | undefined, b: LockMode): LockMode {
  return a !== undefined && LOCK_MODES.indexOf(a) >= LOCK_MODES.indexOf(b) ? a : b
}
