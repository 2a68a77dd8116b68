import { COLORS, isColor } from '../domain/color.ts'
import { sameTraffic } from '../domain/edge-state.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { EdgeView } from '../ports/edge.ts'
import type { ListedInstance } from '../ports/runtime.ts'

/** One difference between what is recorded and what is. `repair` says whether `doctor --repair` may mend it without deciding anything. */
export interface Drift {
  readonly code:
    | 'live-differs'
    | 'file-differs'
    | 'active-color-differs'
    | 'name-differs'
    | 'edge-down'
    | 'instance-gone'
    | 'instance-unknown'
    | 'anchor-foreign'
    | 'journal-differs'
    | 'operation-open'
  readonly message: string
  readonly repair: 'safe' | 'person'
  /** What a person may type, after a look. `doctor --repair` mends the safe ones. */
  readonly next?: string
}

/** Pure. What could not be seen is null, and nothing is said of it. `startEdge` is what a person types when the edge does not run. */
export function findDrift(
  record: EnvironmentRecord,
  view: EdgeView | null,
  instances: readonly ListedInstance[] | null,
  startEdge: string,
): readonly Drift[] {
  // While an operation is open the differences are its own business: resume and abort settle them.
  if (record.open !== null) return []
  return [
    ...(view === null ? [] : edgeDrift(record, view, startEdge)),
    ...(instances === null ? [] : instanceDrift(record, instances)),
  ]
}

function edgeDrift(record: EnvironmentRecord, view: EdgeView, startEdge: string): readonly Drift[] {
  const drift: Drift[] = []
  const said = record.live?.color ?? 'none'
  const { memory, file, anchor } = view
  if (anchor !== null && record.journal !== null && anchor.journal !== record.journal) {
    drift.push({
      code: 'anchor-foreign',
      message: `the edge belongs to the journal ${anchor.journal}, not to this one`,
      repair: 'person',
      next: 'if that one is lost: backflip adopt --reason TEXT',
    })
  }
  if (memory === null) {
    if (record.live !== null)
      drift.push({ code: 'edge-down', message: 'the edge does not run', repair: 'person', next: startEdge })
    return drift
  }
  if ((isColor(memory.live) ? memory.live : 'none') !== said) {
    drift.push({
      code: 'live-differs',
      message: `the edge sends traffic to ${memory.live}, the journal says ${said}`,
      repair: 'person',
      next: 'if the edge is right: backflip adopt --reason TEXT',
    })
    return drift
  }
  if (file === null || !sameTraffic(memory, file)) {
    drift.push({
      code: 'file-differs',
      message: `the edge's memory says ${memory.live}, its state file ${file?.live ?? 'nothing'}`,
      repair: 'safe',
    })
  }
  if (record.live !== null && view.activeColorFile !== said) {
    drift.push({
      code: 'active-color-differs',
      message: `active-color says ${view.activeColorFile ?? 'nothing'}, traffic goes to ${said}`,
      repair: 'safe',
    })
  }
  for (const color of COLORS) {
    const held = record.colors[color]
    if (held.is !== 'started' || view.releases[color] === held.sha) continue
    drift.push({
      code: 'name-differs',
      message: `the edge names ${view.releases[color] ?? 'nothing'} for ${color}, which holds ${held.sha ?? 'nothing'}`,
      repair: 'safe',
    })
  }
  return drift
}

function instanceDrift(record: EnvironmentRecord, instances: readonly ListedInstance[]): readonly Drift[] {
  const drift: Drift[] = []
  for (const color of COLORS) {
    const held = record.colors[color]
    const own = instances.filter((one) => one.color === color)
    if (held.is === 'started' && own.length === 0) {
      drift.push({
        code: 'instance-gone',
        message: `${color} should hold ${held.sha ?? 'a release'}, and no instance of it is there`,
        repair: 'person',
        next: 'backflip up',
      })
    }
    for (const one of own) {
      if (held.is === 'started' && one.state === 'stopped') {
        drift.push({
          code: 'instance-gone',
          message: `${one.name} is stopped${one.exit === null ? '' : ` (${one.exit})`}`,
          repair: 'person',
          next: 'backflip up',
        })
      }
      if (one.state === 'running' && (held.is === 'empty' || one.sha !== held.sha)) {
        drift.push({
          code: 'instance-unknown',
          message: `${one.name} runs ${one.sha}, which the journal does not know of`,
          repair: 'person',
        })
      }
    }
  }
  return drift
}
