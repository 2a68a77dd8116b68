import type { LockMode } from '../../domain/lock-mode.ts'
import type { Table } from '../catalog/types.ts'
import { as, type NodeOf } from '../sql/node.ts'
import {
  addColumn,
  alterColumnType,
  dropColumn,
  setColumnDefault,
  setColumnNotNull,
  setGenerated,
  setIdentity,
} from './alter-column.ts'
import { alterAddConstraint, dropConstraint, validateConstraint } from './alter-constraint.ts'
import { attachPartition, detachPartition } from './alter-partition.ts'
import { addChild } from './create-table.ts'
import { passOn } from './pass-on.ts'
import { putTable } from './put.ts'
import type { Replay } from './replay.ts'
import { currentTable, findRelation, needTable } from './resolve.ts'
import { rewriteTable } from './rewrite.ts'

type Cmd = NodeOf<'AlterTableCmd'>

/**
 * What each subcommand asks for, when it is not AccessExclusive (AlterTableGetLockLevel; measured: research/migrations.md §2). The statement takes
 * the strongest at its beginning.
 */
const WEAKER: Readonly<Record<string, LockMode>> = {
  AT_SetStatistics: 'ShareUpdateExclusive',
  AT_ClusterOn: 'ShareUpdateExclusive',
  AT_DropCluster: 'ShareUpdateExclusive',
  AT_SetOptions: 'ShareUpdateExclusive',
  AT_ResetOptions: 'ShareUpdateExclusive',
  AT_SetRelOptions: 'ShareUpdateExclusive',
  AT_ResetRelOptions: 'ShareUpdateExclusive',
  AT_ValidateConstraint: 'ShareUpdateExclusive',
  AT_AttachPartition: 'ShareUpdateExclusive',
  AT_DetachPartitionFinalize: 'ShareUpdateExclusive',
  AT_EnableTrig: 'ShareRowExclusive',
  AT_EnableAlwaysTrig: 'ShareRowExclusive',
  AT_EnableReplicaTrig: 'ShareRowExclusive',
  AT_DisableTrig: 'ShareRowExclusive',
  AT_EnableTrigAll: 'ShareRowExclusive',
  AT_DisableTrigAll: 'ShareRowExclusive',
  AT_EnableTrigUser: 'ShareRowExclusive',
  AT_DisableTrigUser: 'ShareRowExclusive',
}

function lockOf(cmd: Cmd): LockMode {
  const constraint = as(cmd.def, 'Constraint')
  if (cmd.subtype === 'AT_AddConstraint' && constraint?.contype === 'CONSTR_FOREIGN') return 'ShareRowExclusive'
  const isConcurrent = cmd.subtype === 'AT_DetachPartition' && as(cmd.def, 'PartitionCmd')?.concurrent === true
  return isConcurrent ? 'ShareUpdateExclusive' : (WEAKER[cmd.subtype ?? ''] ?? 'AccessExclusive')
}

export function alterTable(replay: Replay, node: NodeOf<'AlterTableStmt'>): void {
  const cmds = (node.cmds ?? []).flatMap((one) => as(one, 'AlterTableCmd') ?? [])
  if (node.objtype === 'OBJECT_TYPE') return
  const relation = findRelation(replay, node.relation ?? {})
  if (relation !== undefined && relation.kind !== 'table') {
    for (const cmd of cmds) {
      replay.record.lock(relation.oid, lockOf(cmd))
      if (cmd.subtype === 'AT_ChangeOwner') replay.record.change({ kind: 'change-owner', relation })
    }
    return
  }
  if (node.objtype !== 'OBJECT_TABLE' && node.objtype !== 'OBJECT_FOREIGN_TABLE') return
  const table = needTable(replay, node.relation ?? {}, node.missing_ok === true)
  if (table === null) return
  // ONLY: the grammar leaves false out.
  const isAlone = node.relation?.inh !== true
  for (const cmd of cmds) {
    replay.record.lock(table.oid, lockOf(cmd))
    const before = currentTable(replay, table.oid) ?? table
    applyCmd(replay, table, cmd)
    if (!isAlone && OF_CONSTRAINTS.has(cmd.subtype ?? ''))
      passOn(replay, before, cmd, descendants(replay, table.oid), lockOf(cmd))
    if (isAlone || !RECURSIVE.has(cmd.subtype ?? '')) continue
    for (const child of descendants(replay, table.oid)) {
      replay.record.lock(child.oid, lockOf(cmd))
      applyCmd(replay, child, cmd)
    }
  }
}

const OF_CONSTRAINTS = new Set(['AT_AddConstraint', 'AT_ValidateConstraint', 'AT_DropConstraint'])

const RECURSIVE = new Set([
  'AT_AddColumn',
  'AT_DropColumn',
  'AT_AlterColumnType',
  'AT_SetNotNull',
  'AT_DropNotNull',
  'AT_ColumnDefault',
])

/** Tables that inherit from it, partitions too, at any depth. */
export function descendants(replay: Replay, oid: number): readonly Table[] {
  return (replay.children.get(oid) ?? []).flatMap((one) => {
    const table = currentTable(replay, one)
    return table === undefined ? [] : [table, ...descendants(replay, one)]
  })
}

function applyCmd(replay: Replay, { oid }: Table, cmd: Cmd): void {
  const table = currentTable(replay, oid)
  if (table === undefined) return
  HANDLERS[cmd.subtype ?? '']?.(replay, table, cmd)
}

type Handler = (replay: Replay, table: Table, cmd: Cmd) => void

const toggle =
  (isEnabled: boolean): Handler =>
  (replay, table) =>
    replay.record.change({ kind: 'toggle-trigger', table, isEnabled })

const rowSecurity =
  (to: 'on' | 'off' | 'forced' | 'unforced', becomes: Table['rowSecurity']): Handler =>
  (replay, table) => {
    replay.record.change({ kind: 'row-security', table, to })
    putTable(replay, { ...table, rowSecurity: becomes })
  }

const storage =
  (what: 'logged' | 'unlogged' | 'tablespace' | 'access-method'): Handler =>
  (replay, table) => {
    const isSo = (what === 'logged') === (table.persistence === 'permanent') && !table.isAssumed
    if ((what === 'logged' || what === 'unlogged') && isSo) return
    rewriteTable(replay, table)
    replay.record.change({ kind: 'change-storage', table, what })
    if (what === 'logged' || what === 'unlogged')
      putTable(replay, { ...table, persistence: what === 'logged' ? 'permanent' : 'unlogged' })
  }

const inherit: Handler = (replay, table, cmd) => {
  const parent = needTable(replay, as(cmd.def, 'RangeVar') ?? {})
  if (parent === null) return
  replay.record.lock(parent.oid, 'ShareUpdateExclusive')
  addChild(replay, parent.oid, table.oid)
  putTable(replay, { ...table, parents: [...table.parents, parent.oid] })
}

const disinherit: Handler = (replay, table, cmd) => {
  const parent = needTable(replay, as(cmd.def, 'RangeVar') ?? {})
  if (parent === null) return
  replay.record.lock(parent.oid, 'AccessShare')
  const others = (replay.children.get(parent.oid) ?? []).filter((oid) => oid !== table.oid)
  replay.children.set(parent.oid, others)
  putTable(replay, { ...table, parents: table.parents.filter((oid) => oid !== parent.oid) })
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  AT_AddColumn: addColumn,
  AT_DropColumn: dropColumn,
  AT_AlterColumnType: alterColumnType,
  AT_ColumnDefault: setColumnDefault,
  AT_SetNotNull: (replay, table, cmd) => setColumnNotNull(replay, table, cmd.name ?? '', true),
  AT_DropNotNull: (replay, table, cmd) => setColumnNotNull(replay, table, cmd.name ?? '', false),
  AT_AddIdentity: setIdentity,
  AT_SetIdentity: setIdentity,
  AT_DropIdentity: setIdentity,
  AT_DropExpression: setGenerated,
  AT_SetExpression: setGenerated,
  AT_AddConstraint: alterAddConstraint,
  AT_DropConstraint: dropConstraint,
  AT_ValidateConstraint: validateConstraint,
  AT_AttachPartition: attachPartition,
  AT_DetachPartition: detachPartition,
  AT_DetachPartitionFinalize: detachPartition,
  AT_EnableTrig: toggle(true),
  AT_EnableAlwaysTrig: toggle(true),
  AT_EnableReplicaTrig: toggle(true),
  AT_EnableTrigAll: toggle(true),
  AT_EnableTrigUser: toggle(true),
  AT_DisableTrig: toggle(false),
  AT_DisableTrigAll: toggle(false),
  AT_DisableTrigUser: toggle(false),
  AT_EnableRowSecurity: rowSecurity('on', 'on'),
  AT_DisableRowSecurity: rowSecurity('off', 'off'),
  AT_ForceRowSecurity: rowSecurity('forced', 'forced'),
  AT_NoForceRowSecurity: rowSecurity('unforced', 'on'),
  AT_SetLogged: storage('logged'),
  AT_SetUnLogged: storage('unlogged'),
  AT_SetTableSpace: storage('tablespace'),
  AT_SetAccessMethod: storage('access-method'),
  AT_ChangeOwner: (replay, relation) => replay.record.change({ kind: 'change-owner', relation }),
  AT_AddInherit: inherit,
  AT_DropInherit: disinherit,
}
