import { COLORS } from '../../domain/color.ts'
import type { ErrorRecord } from '../../domain/errors.ts'
import type { DataWayBack, WayBack } from '../../domain/readiness.ts'
import { formatDuration } from '../../lib/duration.ts'
import type { DataStatus } from '../../operations/data-status.ts'
import { isUnseen } from '../../operations/look.ts'
import type { Sight } from '../../operations/look-around.ts'
import type { ColorStatus, StatusReport } from '../../operations/status.ts'
import type { ListedInstance } from '../../ports/runtime.ts'
import { proofOf } from './proof.ts'
import { renderSchema } from './schema.ts'
import type { Paint } from './style.ts'

/** The report for people: first what is live, then the way back, then what is wrong. */
export function renderStatus(report: StatusReport, paint: Paint): readonly string[] {
  const { record, readiness } = report
  return [
    paint('strong', `${report.app}, ${report.environment}`),
    `  live       ${record.live === null ? 'nothing yet' : `${paint('good', record.live.sha.slice(0, 12))} on ${record.live.color}, since ${record.live.since}`}`,
    ...report.colors.map((one) => renderColor(one, paint)),
    `  edge       ${renderEdge(report, paint)}`,
    `  back       ${way('fast', readiness.fast.open, paint)} ${readiness.fast.open ? openTo(readiness.fast) : readiness.fast.reasons.join('; ')}`,
    `             ${way('full', readiness.full.open, paint)} ${readiness.full.open ? openTo(readiness.full) : readiness.full.reasons.join('; ')}`,
    ...(readiness.data === null
      ? []
      : [
          `             ${way('data', readiness.data.open, paint)} ${readiness.data.open ? openToData(readiness.data) : readiness.data.reasons.join('; ')}`,
        ]),
    ...(report.schema === null ? [] : renderSchema(report.schema, paint)),
    ...report.data.flatMap((one) => renderData(one, paint)),
    ...renderState(report, paint),
    ...report.shortcomings.map(
      ({ message, hint }) => `  ${paint('warn', 'soon')}       ${message}   ${paint('dim', hint)}`,
    ),
    ...report.drift.map(
      ({ message, repair, next = 'for a person: backflip doctor' }) =>
        `  ${paint('bad', 'drift')}      ${message}   ${paint('dim', repair === 'safe' ? 'backflip doctor --repair' : next)}`,
    ),
  ]
}

/** What is there, when nobody knows what should be. */
export function renderSight(
  { app, environment, edge, instances }: Sight,
  journal: ErrorRecord,
  paint: Paint,
): readonly string[] {
  const running = isUnseen(instances) ? [] : instances
  return [
    paint('strong', `${app}, ${environment}`),
    `  journal    ${paint('bad', `not seen: ${journal.message}`)}`,
    `  edge       ${renderEdge({ edge, drift: [] }, paint)}`,
    ...COLORS.map((color) => {
      const own = running.filter((one) => one.color === color)
      const shas = [...new Set(own.flatMap((one) => (one.state === 'unknown' ? [] : [one.sha.slice(0, 12)])))].join(
        ', ',
      )
      return `  ${color.padEnd(10)} ${shas === '' ? 'nothing is seen' : `${shas}   ${own.map((one) => renderInstance(one, paint)).join('  ')}`}`
    }),
    ...(isUnseen(instances) ? [`  ${paint('bad', 'instances')}  not seen: ${instances.unseen.message}`] : []),
  ]
}

/** Where it leads, and how long it took the last time. */
function openTo({ sha, expectedMs }: WayBack): string {
  return `to ${sha?.slice(0, 12) ?? ''}${expectedMs === null ? '' : `, about ${formatDuration(expectedMs)}`}`
}

/** What was written since is lost: never the first way to take. */
function openToData({ snapshot, takenAt, expectedMs }: DataWayBack): string {
  const time = expectedMs === null ? '' : `, about ${formatDuration(expectedMs)}`
  return `to ${snapshot ?? ''} of ${takenAt ?? ''}, and what was written since is lost${time}`
}

function way(name: string, open: boolean, paint: Paint): string {
  return open ? paint('good', `${name} open`) : paint('warn', `${name} closed:`)
}

function renderColor({ color, role, recorded, instances }: ColorStatus, paint: Paint): string {
  const held = recorded.sha === null ? 'empty' : `${recorded.sha.slice(0, 12)}, ${recorded.is}`
  const shown = instances.map((one) => renderInstance(one, paint)).join('  ')
  return `  ${color.padEnd(10)} ${role.padEnd(8)} ${held}${shown === '' ? '' : `   ${shown}`}`
}

function renderInstance(one: ListedInstance, paint: Paint): string {
  const { component } = one
  if (one.state === 'running') return paint('good', `${component} ●`)
  if (one.state === 'unknown') return paint('warn', `${component} ? its host does not answer`)
  return paint('bad', `${component} ○${one.exit === null ? '' : ` ${one.exit}`}`)
}

function renderEdge({ edge, drift }: Pick<StatusReport, 'edge' | 'drift'>, paint: Paint): string {
  if (isUnseen(edge)) return paint('bad', `not seen: ${edge.unseen.message}`)
  const next = drift.find(({ code }) => code === 'edge-down')?.next ?? 'backflip up'
  if (edge.memory === null) return paint('bad', `does not run   (${next})`)
  const { live, candidate, share, generation } = edge.memory
  const split = candidate === null || share === 0 ? '' : `, ${share / 100} % to ${candidate}`
  return `sends traffic to ${live}${split}   ${paint('dim', `generation ${generation}, worker ${edge.worker ?? 'unknown'}`)}`
}

/** Whether it runs, and its newest snapshot with what is known of it: the last way back. */
function renderData({ instance, seen, newest, lastVerified, kept }: DataStatus, paint: Paint): readonly string[] {
  const state = isUnseen(seen)
    ? paint('bad', `not seen: ${seen.unseen.message}`)
    : // What runs in it is doctor's question: asking a server that hangs takes longer than a status may.
      paint(seen.state === 'running' ? 'good' : 'bad', `container ${seen.state}`)
  const snapshot = newest === null ? 'no snapshot yet' : `${newest.snapshot}, ${proofOf(newest, paint)}`
  const more = kept.length === 0 ? '' : `   ${paint('dim', `keeps ${kept.join(', ')}`)}`
  return [
    `  data       ${instance} ${state}   ${snapshot}${more}`,
    ...(lastVerified === null || lastVerified === newest
      ? []
      : [
          `             ${paint('dim', `the last verified one is ${lastVerified.snapshot}, of ${lastVerified.takenAt}`)}`,
        ]),
  ]
}

function renderState({ record, stuck, holder, instances }: StatusReport, paint: Paint): readonly string[] {
  const lines: string[] = []
  if (isUnseen(instances)) lines.push(`  ${paint('bad', 'instances')}  not seen: ${instances.unseen.message}`)
  if (record.maintenance !== null)
    lines.push(
      `  ${paint('bad', 'closed')}     users see the maintenance page since ${record.maintenance.since}, by the restore ${record.maintenance.operation ?? 'unknown'}`,
    )
  if (record.freeze !== null)
    lines.push(
      `  ${paint('warn', 'frozen')}     ${record.freeze.reason}, by ${record.freeze.actor} at ${record.freeze.at}   ${paint('dim', 'backflip unfreeze --reason TEXT')}`,
    )
  if (record.lease !== null) {
    const { kind, holder: who, message, takenAt } = record.lease
    lines.push(
      kind === 'person'
        ? `  ${paint('warn', 'locked')}     ${message}, by ${who.actor} since ${takenAt}   ${paint('dim', 'backflip lock release')}`
        : `  ${paint('warn', 'held')}       ${message}, by ${who.actor} (process ${who.pid} on ${who.host}, ${holder ?? 'unknown'}) since ${takenAt}`,
    )
  }
  if (record.open !== null)
    lines.push(
      record.lease?.kind === 'operation' && holder === 'alive'
        ? `  ${paint('warn', 'open')}       ${record.open.plan.kind} ${record.open.plan.operation} runs`
        : `  ${paint('warn', 'open')}       ${record.open.plan.kind} ${record.open.plan.operation} is unfinished   ${paint('dim', 'backflip resume, or backflip abort')}`,
    )
  if (stuck !== null)
    lines.push(
      `  ${paint('bad', 'stuck')}      ${stuck.step}: ${stuck.error.message}`,
      ...stuck.manual.map((line) => `             → ${line}`),
    )
  if (record.last !== null)
    lines.push(`  last       ${record.last.kind} ${record.last.outcome}, at ${record.last.finishedAt}`)
  return lines
}
