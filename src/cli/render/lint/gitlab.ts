import { sha256Hex } from '../../../lib/sha256.ts'
import type { LintReport } from '../../../migrations/lint/report.ts'

const SEVERITIES = { block: 'blocker', warn: 'minor', note: 'info' } as const

/** GitLab's code quality report. The fingerprint has no line, so that a finding stays the same when lines above it change. */
export function renderGitlab({ files }: LintReport): readonly object[] {
  const seen = new Map<string, number>()
  return files.flatMap(({ path, findings }) =>
    findings.map(({ rule, axis, severity, line, message, statement, safe }) => {
      const base = [path, rule, axis, message, statement].join('\n')
      const count = seen.get(base) ?? 0
      seen.set(base, count + 1)
      return {
        description: `${message}. ${safe}`,
        check_name: rule,
        fingerprint: sha256Hex(`${base}\n${count}`),
        severity: SEVERITIES[severity],
        location: { path, lines: { begin: line } },
      }
    }),
  )
}
