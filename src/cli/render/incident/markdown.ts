import { nameOf } from '../../../domain/incident/moments.ts'
import type { IncidentOperation, IncidentReport } from '../../../domain/incident/report.ts'
import { dataSection } from './data.ts'
import { impactSection } from './impact.ts'
import { operationsSection, timelineSection, waysBackSection } from './operations.ts'
import { overridesSection } from './overrides.ts'
import { list, said, table, time } from './text.ts'

/** The report as a document for people to go on with: what the journal says is filled in, and what it cannot know is left for them. */
export function renderIncident(report: IncidentReport): string {
  const sections = [
    headSection(report),
    section('Summary', summary(report)),
    section('Impact', impactSection(report)),
    section('Timeline', timelineSection(report)),
    section('Operations', operationsSection(report)),
    section('Ways back that were taken', waysBackSection(report)),
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
    `> A draft, made by \`backflip incident\` at ${time(madeAt)} from the journal alone. Times are UTC, by the clocks of those who wrote. What the journal`,
    '> does not know is left blank.',
    '',
    `- covers ${time(covers.since)} to ${time(covers.until)}`,
    ...(covers.isWhole
      ? []
      : ['- **more operations ran in this time than are told here**: `--since` and `--until` choose others']),
    `- journal ${journal.id}, ${journal.entries} entries, head \`${journal.hash.slice(0, 16)}\`: ${ANCHORS[journal.anchor]}`,
  ]
}

function summary({ operations, about, open }: IncidentReport): readonly string[] {
  const main = operations.find(({ operation }) => operation === about)
  return [
    ...operations.slice(0, 12).map((one) => `- ${sentence(one)}`),
    ...(operations.length > 12 ? [`- and ${operations.length - 12} more operations, below`] : []),
    '',
    main?.error == null ? 'No error was recorded in it.' : `The error: ${said(main.error.message)}`,
    '',
    open.length === 0 ? 'Nothing is open any more.' : `Still open: ${open.length}, below.`,
  ]
}

function sentence(one: IncidentOperation): string {
  const how = one.outcome === 'open' ? (one.stuck === null ? 'has not ended' : 'is stuck') : one.outcome
  return `${time(one.startedAt)}: ${nameOf(one)} by ${said(one.actor)}, ${how}`
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
