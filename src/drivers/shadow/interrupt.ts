import { BackflipError } from '../../domain/errors.ts'

/** Error `interrupted` (kind `failed`): somebody pressed Ctrl-C. Thrown where a check waits, so that its `finally`s take back what it made. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw interrupted()
}

/** Settles as the work does, or with `interrupted` at once; how the work ends then, nobody hears. */
export function untilInterrupted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(interrupted())
    const leave = () => reject(interrupted())
    const stay = () => signal.removeEventListener('abort', leave)
    signal.addEventListener('abort', leave)
    work().then(resolve, reject).finally(stay)
  })
}

function interrupted(): BackflipError {
  return new BackflipError('interrupted; the server of the check is ended, and its copy is gone', {
    code: 'interrupted',
    kind: 'failed',
  })
}
