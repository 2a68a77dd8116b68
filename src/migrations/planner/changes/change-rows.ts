import { BackflipError } from '../../../domain/errors.ts'
import { readBackfill } from '../../backfill/read-backfill.ts'
import { changeOf, type Planner } from '../asked-change.ts'
import { backfillOf } from '../sequence.ts'

/** Row 55: rows are changed in pieces, beside the traffic, and not in a deploy. */
export const planChangeRows: Planner = (change) => {
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
