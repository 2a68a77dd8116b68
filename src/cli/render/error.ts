import { BackflipError, type ErrorRecord, toErrorRecord } from '../../domain/errors.ts'
import type { Paint } from './style.ts'

/** What is wrong, each fact on a line, what caused it, what was not changed, and what to type next. */
export function renderError(error: unknown, exitCode: number, changed: string, paint: Paint): readonly string[] {
  return renderErrorRecord(toErrorRecord(error), exitCode, changed, paint)
}

export function renderErrorRecord(
  record: ErrorRecord,
  exitCode: number,
  changed: string,
  paint: Paint,
): readonly string[] {
  return [
    `${paint('bad', '✗')} ${paint('strong', record.message)}   ${paint('dim', `(exit ${exitCode}, ${changed})`)}`,
    ...(record.details ?? []).map((line) => `    ${line}`),
    ...(record.causes ?? []).map((line) => `    ${paint('dim', `because: ${line}`)}`),
    ...(record.hint === undefined ? [] : [`  ${paint('warn', '→')} ${record.hint}`]),
  ]
}

/** An error of ours tells all it knows; another one is a defect, and its stack helps whoever mends it. */
export function stackOf(error: unknown): string | null {
  return error instanceof BackflipError || !(error instanceof Error) ? null : (error.stack ?? null)
}
