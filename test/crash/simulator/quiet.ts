import { COLORS, isColor } from '../../../src/domain/color.ts'
import { sameTraffic } from '../../../src/domain/edge-state.ts'
import { fold } from '../../../src/domain/history/fold.ts'
import { type EnvironmentRecord, emptyRecord } from '../../../src/domain/history/record.ts'
import { findBrokenLink } from '../../../src/lib/hash-chain.ts'
import { loadRecord } from '../../../src/operations/record.ts'
import type { Journal } from '../../../src/ports/journal.ts'
import type { World } from '../../fakes/world.ts'
import type { Judge } from './judge.ts'

/** Nothing is open and nobody works: now everything must agree. */
export async function checkQuiet(world: World, journal: Journal, judge: Judge): Promise<void> {
  const record = await loadRecord(journal)
  if (record.open !== null) {
    judge.violate('I5', `${record.open.plan.kind} is still open`)
    return
  }
  checkAgreement(world, record, judge)
  checkColors(world, record, judge)
  await checkAnchor(world, journal, judge)
}

/** I3: the edge's memory, its files, the active-color record and the journal. */
function checkAgreement({ edge }: World, record: EnvironmentRecord, judge: Judge): void {
  const said = record.live?.color ?? 'none'
  if (edge.memory.live !== said) judge.violate('I3', `memory says ${edge.memory.live}, the journal ${said}`)
  if (edge.file !== null && !sameTraffic(edge.file.state, edge.memory))
    judge.violate('I3', `memory says ${edge.memory.live}, the state file ${edge.file.state.live}`)
  if ((edge.activeColor ?? 'none') !== said)
    judge.violate('I3', `active-color says ${edge.activeColor}, the journal ${said}`)
  if (record.live === null) return
  const { color, sha } = record.live
  if (edge.names[color] !== sha || edge.fileNames[color] !== sha)
    judge.violate('I3', `the edge names ${edge.names[color]?.slice(0, 4)} for the live ${color}`)
}

/** I5: what the journal says of each color is what runs there. */
function checkColors(world: World, { colors }: EnvironmentRecord, judge: Judge): void {
  for (const color of COLORS) {
    const held = colors[color]
    const instances = world.instancesOf(color)
    const running = instances.filter(({ state, died }) => state === 'running' || died)
    const wrong = (text: string) => judge.violate('I5', `the journal says ${color} is ${held.is}, and ${text}`)
    if (held.is === 'empty' && instances.length > 0) wrong(`${instances[0]?.name} is there`)
    if (held.is !== 'started' && held.is !== 'empty' && running.length > 0) wrong(`${running[0]?.name} runs`)
    if (held.is === 'stopped' && instances.length === 0) wrong('nothing of it is there')
    if (held.is !== 'started') continue
    const expected = world.releases.get(held.sha ?? ('' as never))?.manifest.components.length ?? 0
    if (running.length !== expected) wrong(`${running.length} of ${expected} instances run`)
    const other = running.find((one) => one.sha !== held.sha || one.operation !== held.operation)
    if (other !== undefined) wrong(`${other.name} is of another launch`)
  }
}

/** I8: where the edge's anchor says the chain stood, it stood. */
async function checkAnchor({ edge }: World, journal: Journal, judge: Judge): Promise<void> {
  const anchor = edge.file?.anchor
  if (anchor === undefined) return
  const [entry] = await journal.read({ after: anchor.seq - 1, limit: 1 })
  if (entry?.hash !== anchor.hash)
    judge.violate('I8', `the anchor at the edge is not entry ${anchor.seq} of the journal`)
}

/** Once at the end: the chain is whole, and the checkpointed record is the whole one. */
export async function checkChain(journal: Journal, judge: Judge): Promise<void> {
  const entries = await journal.read({ limit: 10_000 })
  const broken = findBrokenLink(entries, { seq: 0, hash: '0'.repeat(64) })
  if (broken !== null) judge.violate('I8', `entry ${broken.seq}: ${broken.what}`)
  const whole = entries.reduce(fold, emptyRecord())
  if (JSON.stringify(whole) !== JSON.stringify(await loadRecord(journal)))
    judge.violate('I5', 'the record from the checkpoint is not the record from the beginning')
}

export function liveShown({ edge }: World): string {
  return isColor(edge.memory.live)
    ? `${edge.memory.live} (${edge.names[edge.memory.live]?.slice(0, 4)})`
    : edge.memory.live
}
