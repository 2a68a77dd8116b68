import { BackflipError } from '../domain/errors.ts'

/** Waits for all, so that nothing is still starting when the first error is told. */
export async function allOf<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(work)
  const failed = results.filter((result) => result.status === 'rejected')
  const [first, ...more] = failed.map(({ reason }) => reason as unknown)
  if (first === undefined) return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (more.length === 0 || !(first instanceof BackflipError)) throw first
  const { code, kind, hint, details, cause } = first
  const others = more.flatMap((one) => (one instanceof Error ? [`also: ${one.message}`] : []))
  throw new BackflipError(first.message, { code, kind, hint, cause, details: [...details, ...others] })
}
