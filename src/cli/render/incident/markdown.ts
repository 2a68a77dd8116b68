import { nameOf } from '../../../domain/incident/moments.ts'
import type { IncidentOperation, IncidentReport } from '../../../domain/incident/report.ts'
import { counted } from '../../../lib/counted.ts'
import { changesSection } from './changes.ts'
import { dataSection } from './data.ts'
import { impactSection } from './impact.ts'
import { operationsSection, timelineSection, waysBackSection } from './operations.ts'
import { overridesSection } from './overrides.ts'
import { list, said, table, time } from './text.ts'

const MAX_SENTENCES = 12

/** The report as a document for people to go on with: what the journal says is filled in, and what it cannot know is left for them. */
export function renderIncident(report: IncidentReport): string {
  const sections = [
    headSection(report),
    section('Summary', summary(report)),
    section('Impact', impactSection(report)),
    section('What was deployed', changesSection(report)),
    section('Timeline', timelineSection(report)),
    section('Operations', operationsSection(report)),
    section('Ways back', waysBackSection(report)),
    section('Overrides', overridesSection(report)),
    section('Data', dataSection(report)),
    section('Open now', openNow(report)),
    section('Before this is closed', checklistLines(report)),
    section('For those who were there', OWN_WORDS),
  ]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return [`## ${title}`, '', ...lines]
}

/** Nobody's journal knows these, and a program that wrote them would be believed. */
const OWN_WORDS = [
  '**How it was noticed, and by whom:**',
  '',
  '**What contributed to it:**',
  '',
  '**What went well, what went badly, where we were lucky:**',
  '',
  ...table(['what will be done', 'who', 'until'], [['', '', '']]),
]

const ANCHORS: { readonly [anchor in IncidentReport['journal']['anchor']]: string } = {
  agrees: 'it goes on from where the edge saw it last',
  none: 'the edge has not seen it yet',
  cut: '**IT WAS CUT: it ends before the entry that the edge saw last, so what is told here is not all**',
  differs: '**IT WAS MADE AGAIN: the entry that the edge saw last has another hash, so this may not be what happened**',
  foreign: '**the edge belongs to another journal, which may know more**',
  'not-seen': 'the edge was not seen, so nobody can say whether the journal is whole',
}

function headSection({ app, environment, about, operations, madeAt, covers, journal }: IncidentReport) {
  const main = operations.find(({ operation }) => operation === about)
  const title = main === undefined ? about : nameOf(main)
  return [
    `# ${app}, ${environment}: ${title}, ${covers.since.slice(0, 10)}`,
    '',
    `> A draft, made by \`backflip incident\` at ${time(madeAt)} from the journal and the manifests of its releases. Times are UTC, by the clocks of`,
    '> those who wrote. What nobody wrote down is left blank.',
    '',
    `- covers ${time(covers.since)} to ${time(covers.until)}`,
    ...(covers.isWhole
      ? []
      : ['- **more operations ran in this time than are told here**: `--since` and `--until` choose others']),
    `- journal ${journal.id}, ${journal.entries} entries, head \`${journal.hash.slice(0, 16)}\`: ${ANCHORS[journal.anchor]}`,
  ]
}

function summary({ operations, open }: IncidentReport): readonly string[] {
  const first = operations.slice(0, MAX_SENTENCES)
  return [
    ...first.map((one, index) => `${index + 1}. ${sentence(one)}`),
    ...(operations.length > first.length ? ['', `and ${operations.length - first.length} more operations, below`] : []),
    '',
    open.length === 0
      ? 'Nothing is open any more, by the journal.'
      : `${counted(open.length, 'matter')} still open, below.`,
    '',
    '**For somebody who was not there:**',
  ]
}

function sentence(one: IncidentOperation): string {
  const how = one.outcome === 'open' ? (one.stuck === null ? 'has not ended' : 'is stuck') : one.outcome
  const why = one.error === null ? '' : `: ${said(one.error.message)}`
  return `${time(one.startedAt)}, ${said(one.actor)}: ${nameOf(one)}, ${how}${why}`
}

function openNow({ open }: IncidentReport): readonly string[] {
  return list(
    open.map(
      ({ text, since, next }) =>
        `${said(text)}${since === null ? '' : `, since ${time(since)}`}${next === null ? '' : ` → ${said(next)}`}`,
    ),
    'Nothing, by the journal.',
  )
}

function checklistLines({ checklist }: IncidentReport): readonly string[] {
  return [
    'Ticked is what the journal shows, with the evidence; the rest is yours.',
    '',
    ...checklist.map(
      ({ text, isDone, evidence }) =>
        `- [${isDone ? 'x' : ' '}] ${said(text)}${evidence === null ? '' : ` — ${said(evidence)}`}`,
    ),
  ]
}
