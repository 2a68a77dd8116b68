import type { Axis, Severity } from '../rules/define-rule.ts'

/** One finding as it is printed: the shape of `--format json`. */
export interface ReportedFinding {
  readonly rule: string
  readonly axis: Axis
  readonly severity: Severity
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units, as editors and SARIF count. */
  readonly column: number
  /** The statement's text, cut at 300 characters. */
  readonly statement: string
  readonly sqlstate?: string
  readonly lock?: string
  readonly rewrite?: boolean
  readonly message: string
  readonly safe: string
}

export interface ReportedFile {
  readonly path: string
  readonly findings: readonly ReportedFinding[]
}

export interface LintReport {
  readonly files: readonly ReportedFile[]
  readonly summary: {
    readonly files: number
    readonly statements: number
    readonly block: number
    readonly warn: number
    readonly note: number
    /** Files with an N finding that blocks: the previous release does not survive them. */
    readonly breaking: number
  }
}

export function summarize(files: readonly ReportedFile[], statements: number): LintReport['summary'] {
  const count = (severity: Severity) =>
    files.reduce((sum, { findings }) => sum + findings.filter((one) => one.severity === severity).length, 0)
  return {
    files: files.length,
    statements,
    block: count('block'),
    warn: count('warn'),
    note: count('note'),
    breaking: files.filter(({ findings }) =>
      findings.some(({ axis, severity }) => axis === 'N' && severity === 'block'),
    ).length,
  }
}
