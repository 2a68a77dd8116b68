import { BackflipError } from '../../../domain/errors.ts'
import { readBackfill } from '../../backfill/read-backfill.ts'
import { type AskedChange, changeOf, type Planner } from '../asked-change.ts'
import { tableSql } from '../names.ts'
import { backfillOf, type NoWay, type Transformation } from '../sequence.ts'

/** Row 55: rows are changed in pieces, beside the traffic, and not in a deploy. */
export const planChangeRows: Planner = (change) => {
  const emptied = planTruncate(change)
  if (emptied !== null) return emptied
  const found = changeOf(change, 'change-rows')
  if (found === undefined || found.by === 'insert') return null
  try {
    const { where } = readBackfill(change.parser, change.sql)
    const note = `Changes rows of ${found.table.name}.`
    return {
      stages: [backfillOf(`change_${found.table.name}`, change.sql, note, 'window')],
      notes:
        where === null
          ? [
              'The UPDATE has no condition: nothing can be swept or proved. Add one that is false for a row that is done.',
            ]
          : [],
    }
  } catch (error) {
    if (!(error instanceof BackflipError)) throw error
    return { noWay: `${error.message}; ${error.hint ?? ''}` }
  }
}

/** Row 54: the rows that are there go in pieces; whoever writes meanwhile keeps what they write behind the pass. */
function planTruncate(change: AskedChange): Transformation | NoWay | null {
  const found = changeOf(change, 'truncate')
  if (found === undefined) return null
  if (found.isCascade || change.applied.changes.length > 1)
    return { noWay: 'several tables at once: DELETE from each, those that refer to others first' }
  const { table } = found
  const note = `Empties ${table.name}. The rows are lost: keep a snapshot.`
  return {
    stages: [backfillOf(`empty_${table.name}`, `DELETE FROM ${tableSql(table)}`, note, 'window')],
    notes: [
      'Unlike TRUNCATE it starts no sequence anew, gives no room back at once, and fires the triggers of each row.',
    ],
  }
}
