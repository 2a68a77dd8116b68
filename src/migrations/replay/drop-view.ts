import type { View } from '../catalog/types.ts'
import { indexesOf, removeRelation } from './put.ts'
import type { Replay } from './replay.ts'

/** The view, its indexes and, with CASCADE, the views that read it. */
export function dropView(replay: Replay, view: View, isCascade: boolean): void {
  replay.record.lock(view.oid, 'AccessExclusive')
  replay.record.change({ kind: 'drop-view', view })
  for (const index of indexesOf(replay, view.oid)) {
    replay.record.lock(index.oid, 'AccessExclusive')
    removeRelation(replay, index)
  }
  removeRelation(replay, view)
  if (!isCascade) return
  for (const relation of replay.catalog.relations.values()) {
    if ((relation.kind === 'view' || relation.kind === 'materialized-view') && relation.reads.includes(view.oid))
      dropView(replay, relation, true)
  }
}
