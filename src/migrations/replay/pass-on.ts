import type { LockMode } from '../../domain/lock-mode.ts'
import type { Constraint, Table } from '../catalog/types.ts'
import { as, type NodeOf } from '../sql/node.ts'
import { addConstraint } from './constraints.ts'
import { putTable } from './put.ts'
import type { Replay } from './replay.ts'
import { currentTable } from './resolve.ts'

/**
 * A CHECK holds for partitions and children too, a foreign key for partitions: added, validated and dropped with the parent's. It is said once, of
 * the parent; the others are locked and read. A partition's own CHECK of that name became the parent's when it was attached
 * (src/backend/commands/tablecmds.c, MergeConstraintsIntoExisting); of other children one may stay that we take away.
 */
export function passOn(
  replay: Replay,
  before: Table,
  cmd: NodeOf<'AlterTableCmd'>,
  children: readonly Table[],
  lock: LockMode,
): void {
  const after = currentTable(replay, before.oid)
  const node = as(cmd.def, 'Constraint')
  if (after === undefined || node?.is_no_inherit === true) return
  const [had, has] = [passedOn(before), passedOn(after)]
  const dropped = [...had.values()].filter(({ name }) => !has.has(name))
  const added = [...has.values()].filter(({ name }) => !had.has(name))
  const validated = [...has.values()].filter(({ name, isValid }) => isValid && had.get(name)?.isValid === false)
  if (dropped.length + added.length + validated.length === 0) return
  for (const { oid, isPartition } of children) {
    if (node?.contype === 'CONSTR_FOREIGN' && !isPartition) continue
    replay.record.lock(oid, lock)
    for (const { name } of dropped) replace(replay, oid, name, null)
    for (const { name } of validated) {
      const own = passedOn(currentTable(replay, oid)).get(name)
      if (own?.isValid === false) replay.record.scan(oid)
      if (own !== undefined) replace(replay, oid, name, { ...own, isValid: true })
    }
    for (const { name, isValid } of added) {
      const table = currentTable(replay, oid)
      if (table === undefined || node === undefined || passedOn(table).has(name)) continue
      if (isValid) replay.record.scan(oid)
      addConstraint(replay, table, { ...node, conname: name })
    }
  }
}

function isPassedOn({ kind }: Constraint): boolean {
  return kind === 'check' || kind === 'foreign-key'
}

function passedOn(table: Table | undefined): ReadonlyMap<string, Constraint> {
  return new Map(table?.constraints.flatMap((one) => (isPassedOn(one) ? [[one.name, one]] : [])))
}

function replace(replay: Replay, oid: number, name: string, by: Constraint | null): void {
  const table = currentTable(replay, oid)
  if (table === undefined) return
  const others = table.constraints.filter((one) => !isPassedOn(one) || one.name !== name)
  putTable(replay, { ...table, constraints: by === null ? others : [...others, by] })
}
