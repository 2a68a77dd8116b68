import type { LintOutcome } from '../../../operations/migrations/lint-migrations.ts'
import type { Paint } from '../style.ts'
import { renderGithub } from './github.ts'
import { renderGitlab } from './gitlab.ts'
import { renderMarkdown } from './markdown.ts'
import { renderSarif } from './sarif.ts'
import { renderLintText } from './text.ts'

export type LintFormat = 'text' | 'json' | 'sarif' | 'github' | 'gitlab' | 'markdown'

export function renderLint(outcome: LintOutcome, format: LintFormat, paint: Paint, withNotes: boolean): string {
  switch (format) {
    case 'text':
      return renderLintText(outcome, paint, withNotes)
    case 'json':
      return `${JSON.stringify(outcome.report)}\n`
    case 'sarif':
      return `${JSON.stringify(renderSarif(outcome.report), null, 2)}\n`
    case 'github':
      return renderGithub(outcome.report)
    case 'gitlab':
      return `${JSON.stringify(renderGitlab(outcome.report), null, 2)}\n`
    case 'markdown':
      return renderMarkdown(outcome.report)
  }
}
