import type { LintReport } from '../../../migrations/lint/report.ts'

const LEVELS = { block: 'error', warn: 'warning', note: 'notice' } as const

/** Workflow commands, which GitHub shows beside the changed lines. It takes ten of a level and step: what blocks comes first. */
export function renderGithub({ files }: LintReport): string {
  const lines = (['block', 'warn'] as const).flatMap((level) =>
    files.flatMap(({ path, findings }) =>
      findings
        .filter(({ severity }) => severity === level)
        .map(({ rule, severity, line, column, message, safe }) => {
          const place = `file=${property(path)},line=${line},col=${column},title=${property(rule)}`
          return `::${LEVELS[severity]} ${place}::${data(`${message}\n${safe}`)}\n`
        }),
    ),
  )
  return lines.join('')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
