import type { Entry } from '../../domain/journal.ts'
import { formatDuration } from '../../lib/duration.ts'
import type { HistoryLine } from '../../operations/history.ts'
import type { HistoryVerdict } from '../../operations/verify-history.ts'
import type { Paint } from './style.ts'

export function renderHistory(lines: readonly HistoryLine[], paint: Paint): readonly string[] {
  if (lines.length === 0) return ['nothing happened here yet']
  return lines.map((one) => {
    if (one.line === 'note')
      return `${String(one.seq).padStart(6)}  ${one.at}  ${one.kind.padEnd(14)} ${one.text}   ${paint('dim', `by ${one.actor}`)}`
    const { plan, finished } = one
    const what = [plan.mode, plan.kind].filter((part) => part !== null).join(' ')
    const to = plan.target === null ? '' : `${plan.target.sha.slice(0, 12)} on ${plan.target.color}`
    const outcome = finished?.outcome ?? 'open'
    const why = finished?.error == null ? '' : `  ${finished.error.message}`
    return `${String(one.seq).padStart(6)}  ${one.startedAt}  ${what.padEnd(14)} ${to.padEnd(22)} ${paint(outcome === 'done' ? 'good' : 'bad', outcome)}${seen(finished)}${why}   ${paint('dim', `by ${one.actor}`)}`
  })
}

/** For how long users got the release that was taken back. */
function seen(end: { readonly seenMs: number | null } | null): string {
  return end?.seenMs == null ? '' : `, users saw it for ${formatDuration(end.seenMs)}`
}

export function renderEntries(entries: readonly Entry[]): readonly string[] {
  return entries.map(({ seq, at, fact }) => {
    const detail = 'step' in fact ? fact.step : 'outcome' in fact ? `${fact.outcome}${seen(fact)}` : ''
    return `${String(seq).padStart(6)}  ${at}  ${fact.kind.padEnd(20)} ${detail}`
  })
}

export function renderVerdict({ entries, ok, problem, anchor }: HistoryVerdict, paint: Paint): readonly string[] {
  const anchors = {
    agrees: 'its anchor at the edge agrees',
    none: 'the edge has no anchor yet',
    cut: 'it ends before the entry that its anchor at the edge names: it was cut',
    differs: 'the entry that its anchor at the edge names has another hash: it was made again',
    foreign: 'the anchor at the edge is of another journal',
  }
  const head = ok
    ? paint('good', `✓ ${entries} entries, each follows from the one before`)
    : paint('bad', `✗ the journal is not what was written`)
  return [head, `  ${anchors[anchor]}`, ...(problem === null ? [] : [`  entry ${problem.seq}: ${problem.what}`])]
}
