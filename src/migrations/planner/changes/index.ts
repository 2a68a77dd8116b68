import type { Planner } from '../asked-change.ts'
import { planAddColumn } from './add-column.ts'
import { planAddConstraint } from './add-constraint.ts'
import { planAddUnique } from './add-unique.ts'
import { planAttachPartition } from './attach-partition.ts'
import { planChangeColumnType } from './change-column-type.ts'
import { planChangeRows } from './change-rows.ts'
import { planConstrainDomain } from './constrain-domain.ts'
import { planDropColumn } from './drop-column.ts'
import { planRenameColumn } from './rename-column.ts'
import { planRenameEnumValue } from './rename-enum-value.ts'
import { planRenameTable } from './rename-table.ts'
import { planRunConcurrently } from './run-concurrently.ts'
import { planSetNotNull } from './set-not-null.ts'
import { planStopThenContract } from './stop-then-contract.ts'

/** Who is asked, in this order; the first that knows the change has it. A new transformation is a file and a line here. */
export const PLANNERS: readonly Planner[] = [
  planAddColumn,
  planAddUnique,
  planAddConstraint,
  planConstrainDomain,
  planSetNotNull,
  planRenameColumn,
  planRenameTable,
  planRenameEnumValue,
  planAttachPartition,
  planChangeColumnType,
  planDropColumn,
  planChangeRows,
  planRunConcurrently,
  planStopThenContract,
]
