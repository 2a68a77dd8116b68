import type { FileProblem } from '../../migrations/lint/lint.ts'
import type { Pending } from './choose-pending.ts'
import type { MigrationSet } from './find-migrations.ts'

/** What is wrong with a migration as a file among others: edited after it was applied, out of order, without a way back. */
export function fileProblems(set: MigrationSet, path: string, text: string, pending: Pending): readonly FileProblem[] {
  const isPending = pending.paths.has(path)
  const problems: FileProblem[] = []
  if (pending.edited.has(path)) {
    problems.push({
      rule: 'edit-migration',
      axis: 'N',
      severity: 'warn',
      message: 'was edited after the baseline: a database that ran it has what it said before',
    })
  }
  if (isPending && pending.deploys === 'together' && set.named === null) {
    const later = set.paths.slice(set.paths.indexOf(path) + 1).find((one) => !pending.paths.has(one))
    if (later !== undefined) {
      problems.push({
        rule: 'reorder-migration',
        axis: 'N',
        severity: 'warn',
        message: `sorts before ${later}, which is applied already`,
      })
    }
  }
  if (isPending && set.layout.name === 'knex') {
    problems.push({
      rule: 'run-dynamic-sql',
      axis: 'N',
      severity: 'warn',
      message: 'is a program: only literals in raw() and sql() calls are judged',
    })
  }
  if (isPending && hasInverse(set, path, text) === false) {
    problems.push({ rule: 'miss-inverse', axis: 'I', severity: 'note', message: 'has no inverse' })
  }
  return problems
}

/** Whether there is SQL for the way back; null where the runner knows none. */
function hasInverse({ layout, others }: MigrationSet, path: string, text: string): boolean | null {
  const { sections } = layout
  if (sections !== null) return text.split('\n').some((line) => sections.down.test(line))
  const down = /(^|[./])up\.sql$/.test(path) ? path.replace(/up\.sql$/, 'down.sql') : null
  return down === null ? null : others.has(down)
}
