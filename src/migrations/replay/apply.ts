import { as, type Node, type NodeOf, type Tag, texts } from '../sql/node.ts'
import { alterTable } from './alter-table.ts'
import { createTable, createTableAs } from './create-table.ts'
import { dropObjects } from './drop.ts'
import { createIndex } from './indexes.ts'
import { rename, setSchema } from './rename.ts'
import type { Replay } from './replay.ts'
import { createRoutine } from './routines.ts'
import { changeRows, deleteRows, insert, lockReads, truncate, update } from './rows.ts'
import { alterSequence, createSequence } from './sequences.ts'
import { setConfig, setVariable } from './session.ts'
import {
  alterOwner,
  changePolicy,
  cluster,
  comment,
  createRule,
  createTrigger,
  grant,
  lockAll,
  lockTables,
  refreshView,
  reindex,
  vacuum,
} from './upkeep.ts'
import { alterDomain, alterEnum, createDomain, createEnum, createType } from './user-types.ts'
import { createMaterializedView, createView } from './views.ts'

/** Brings one statement into the schema. What it knows nothing of changes nothing. */
export function applyStatement(replay: Replay, node: Node, tag: Tag): void {
  const handler = HANDLERS[tag] as ((replay: Replay, fields: unknown) => void) | undefined
  handler?.(replay, (node as unknown as Record<string, unknown>)[tag])
}

type Handlers = { readonly [T in Tag]?: (replay: Replay, node: NodeOf<T>) => void }

const HANDLERS: Handlers = {
  CreateStmt: createTable,
  CreateForeignTableStmt: (replay, node) => createTable(replay, node.base ?? {}),
  CreateTableAsStmt: (replay, node) =>
    node.objtype === 'OBJECT_MATVIEW' ? createMaterializedView(replay, node) : createTableAs(replay, node),
  AlterTableStmt: alterTable,
  DropStmt: dropObjects,
  RenameStmt: rename,
  AlterObjectSchemaStmt: setSchema,
  IndexStmt: createIndex,
  ViewStmt: createView,
  CreateEnumStmt: createEnum,
  AlterEnumStmt: alterEnum,
  CreateDomainStmt: createDomain,
  AlterDomainStmt: alterDomain,
  CompositeTypeStmt: (replay, node) => createType(replay, rangeNames(node.typevar), { kind: 'composite' }),
  CreateRangeStmt: (replay, node) => createType(replay, texts(node.typeName), { kind: 'range' }),
  CreateFunctionStmt: (replay, node) => void createRoutine(replay, node),
  CreateTrigStmt: createTrigger,
  CreatePolicyStmt: (replay, node) =>
    changePolicy(replay, node.table, node.policy_name ?? '', node.permissive !== true, 'create'),
  AlterPolicyStmt: (replay, node) => changePolicy(replay, node.table, node.policy_name ?? '', false, 'alter'),
  CreateSeqStmt: createSequence,
  AlterSeqStmt: alterSequence,
  CreateSchemaStmt: createSchema,
  CreateExtensionStmt: createExtension,
  InsertStmt: insert,
  UpdateStmt: update,
  DeleteStmt: deleteRows,
  MergeStmt: (replay, node) => changeRows(replay, node.relation, 'update', false),
  CopyStmt: (replay, node) => (node.is_from === true ? changeRows(replay, node.relation, 'insert', false) : undefined),
  SelectStmt: select,
  TruncateStmt: truncate,
  VacuumStmt: vacuum,
  ClusterStmt: cluster,
  ReindexStmt: reindex,
  RefreshMatViewStmt: refreshView,
  CommentStmt: comment,
  GrantStmt: grant,
  LockStmt: lockTables,
  AlterOwnerStmt: alterOwner,
  RuleStmt: createRule,
  CreateStatsStmt: (replay, node) => lockAll(replay, node.relations, 'ShareUpdateExclusive'),
  VariableSetStmt: setVariable,
}

function rangeNames(range: NodeOf<'RangeVar'> | undefined): readonly string[] {
  return [...(range?.schemaname === undefined ? [] : [range.schemaname]), range?.relname ?? '']
}

function createSchema(replay: Replay, node: NodeOf<'CreateSchemaStmt'>): void {
  replay.catalog.schemas.set(node.schemaname ?? '', true)
}

function createExtension(replay: Replay, node: NodeOf<'CreateExtensionStmt'>): void {
  replay.catalog.extensions.set(node.extname ?? '', true)
}

function select(replay: Replay, node: NodeOf<'SelectStmt'>): void {
  if (node.intoClause !== undefined) {
    createTableAs(replay, { into: node.intoClause, query: { SelectStmt: node }, objtype: 'OBJECT_TABLE' })
    return
  }
  for (const one of node.targetList ?? []) {
    const call = as(as(one, 'ResTarget')?.val, 'FuncCall')
    if (call !== undefined) setConfig(replay, call)
  }
  if (node.fromClause !== undefined)
    lockReads(replay, [{ SelectStmt: node }], node.lockingClause === undefined ? 'AccessShare' : 'RowShare')
}
