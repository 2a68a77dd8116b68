import type { ErrorRecord } from '../../domain/errors.ts'
import { type OperationState, stepState } from '../../domain/history/operation.ts'
import type { Json } from '../../domain/json.ts'
import type { RunSqlParams } from '../../domain/plan/params.ts'
import type { OperationEnd } from '../../engine/run.ts'
import { counted } from '../../lib/counted.ts'
import type { SqlReport } from '../../ports/database.ts'
import type { Recovered } from '../../steps/restore/recover-data.ts'
import type { Paint } from './style.ts'

const MAX_STATEMENTS = 20
const MAX_NOTICES = 10

/** What an operation on data has changed, when it did not end well; null when the general words are right. */
export function whatChanged({ outcome, error, state }: OperationEnd): string | null {
  if (state.plan.kind === 'sql') return keptOfSql(state, error)
  if (state.plan.kind !== 'restore' || !wasClosed(state)) return null
  switch (outcome) {
    case 'failed':
    case 'aborted':
      return 'users saw the maintenance page; data and traffic are as they were'
    case 'stuck':
      return 'stuck: an undo failed; while it is, users may see the maintenance page'
    case 'unsettled':
      return 'the data was put back, and what users see is not verified'
    default:
      return null
  }
}

/** Whether users were kept away, or may have been. */
function wasClosed(state: OperationState): boolean {
  const raised = stepState(state, 'raise-maintenance')
  return raised.is !== 'waiting' && !(raised.is === 'failed' && raised.remains === 'nothing')
}

function keptOfSql(state: OperationState, error: ErrorRecord | null): string | null {
  if (error?.code === 'sql-outcome-unknown') return 'nobody can tell what the database kept'
  const step = stepState(state, 'run-sql')
  if (step.is === 'waiting') return null
  if (step.is === 'undone' && step.effects.includes('sql-run'))
    return 'the file had been run, and the database keeps it: the snapshot is from before'
  const params = state.plan.steps.find(({ id }) => id === 'run-sql')?.params as RunSqlParams | undefined
  return params?.isOneTransaction === true
    ? 'the database kept nothing of the file'
    : 'the file is no single transaction: what is said below was kept'
}

/** What it did, for people: how much was lost, what the database said to each statement. */
export function renderDone(state: OperationState, paint: Paint): readonly string[] {
  const { lost, exported, recovered, sql } = dataObject(state)
  return [
    ...(lost === undefined
      ? []
      : [`  ${counted(lost, 'transaction')} ${lost === 1 ? 'is' : 'are'} not in the data any more`]),
    ...(exported ?? []).map(({ file, rows }) => `  ${counted(rows, 'row')} gone from the data: ${file}`),
    ...Object.entries(recovered ?? {}).map(
      ([service, timeline]) =>
        `  the log of ${service} goes on in timeline ${timeline}: take a new backup (pgbackrest backup)`,
    ),
    ...(sql === undefined ? [] : renderSql(sql, paint)),
  ]
}

function renderSql(report: SqlReport | null, paint: Paint): readonly string[] {
  if (report === null) return ['  it had been run before somebody died: what each statement said is not known']
  const { statements, notices, isOneTransaction } = report
  const more = statements.length - MAX_STATEMENTS
  return [
    `  ${isOneTransaction ? 'in one transaction' : 'statement by statement'}:`,
    ...statements.slice(0, MAX_STATEMENTS).map(({ line, tag }) => `    line ${line}: ${tag}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
    ...notices.slice(0, MAX_NOTICES).map((text) => `    ${paint('dim', text)}`),
  ]
}

export interface DataObject {
  /** Transactions that the restore lost. */
  readonly lost?: number
  readonly exported?: readonly { readonly file: string; readonly rows: number }[]
  /** By service: the timeline that its log is on since it came from backups. */
  readonly recovered?: { readonly [service: string]: number }
  /** What the database said; null when nobody heard it. */
  readonly sql?: SqlReport | null
}

/** For `--json`: fields of operations on data alone. */
export function dataObject(state: OperationState): DataObject {
  const counted = outputOf(state, 'count-lost') as { readonly transactions: number } | undefined
  const exported = outputOf(state, 'export-lost') as { readonly files: DataObject['exported'] } | undefined
  const recovered = outputOf(state, 'recover-data') as Recovered | undefined
  const sql = outputOf(state, 'run-sql') as SqlReport | null | undefined
  return {
    ...(counted === undefined ? {} : { lost: counted.transactions }),
    ...(exported?.files === undefined ? {} : { exported: exported.files }),
    ...(recovered === undefined ? {} : { recovered: recovered.timelines }),
    ...(sql === undefined ? {} : { sql }),
  }
}

function outputOf(state: OperationState, id: string): Json | undefined {
  const step = stepState(state, id)
  return step.is === 'succeeded' ? step.output : undefined
}
