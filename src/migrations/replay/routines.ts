import { formatType, nameKey } from '../catalog/catalog.ts'
import type { Routine } from '../catalog/types.ts'
import { as, type Node, type NodeOf, text, texts } from '../sql/node.ts'
import type { Replay } from './replay.ts'
import { isAssumable } from './resolve.ts'
import { typeOf } from './types.ts'

const IN_MODES = new Set(['FUNC_PARAM_IN', 'FUNC_PARAM_INOUT', 'FUNC_PARAM_VARIADIC', 'FUNC_PARAM_DEFAULT'])
const OUT_MODES = new Set(['FUNC_PARAM_OUT', 'FUNC_PARAM_INOUT', 'FUNC_PARAM_TABLE'])

export function createRoutine(replay: Replay, node: NodeOf<'CreateFunctionStmt'>): Routine {
  const names = texts(node.funcname)
  const parameters = (node.parameters ?? []).flatMap((one) => as(one, 'FunctionParameter') ?? [])
  const options = new Map(
    (node.options ?? []).flatMap((one) => {
      const option = as(one, 'DefElem')
      return option === undefined ? [] : [[option.defname ?? '', option.arg] as const]
    }),
  )
  const routine: Routine = {
    oid: replay.catalog.nextOid(),
    schema: names.at(-2) ?? replay.searchPath[0] ?? 'public',
    name: names.at(-1) ?? '',
    kind: node.is_procedure === true ? 'procedure' : 'function',
    arguments: parameters
      .filter(({ mode }) => IN_MODES.has(mode ?? 'FUNC_PARAM_DEFAULT'))
      .map(({ argType }) => formatType(replay.catalog.after, { ...typeOf(replay, argType).type, modifiers: [] }))
      .join(', '),
    argumentNames: parameters
      .filter(({ mode }) => IN_MODES.has(mode ?? 'FUNC_PARAM_DEFAULT'))
      .flatMap(({ name }) => name ?? []),
    outputNames: parameters.filter(({ mode }) => OUT_MODES.has(mode ?? '')).flatMap(({ name }) => name ?? []),
    optional: parameters.filter(({ defexpr }) => defexpr !== undefined).length,
    returns:
      node.returnType === undefined ? 'void' : formatType(replay.catalog.after, typeOf(replay, node.returnType).type),
    language: text(options.get('language')).toLowerCase(),
    volatility: volatility(text(options.get('volatility'))),
    isAssumed: false,
  }
  const same = replay.catalog.after
    .routinesNamed(routine.schema, routine.name)
    .find((one) => one.arguments === routine.arguments)
  const kept = same === undefined ? routine : { ...routine, oid: same.oid }
  replay.catalog.routines.set(kept.oid, kept)
  if (same === undefined) {
    const key = nameKey(routine.schema, routine.name)
    replay.catalog.routineNames.set(key, [...(replay.catalog.routineNames.get(key) ?? []), routine.oid])
  }
  replay.record.change({ kind: 'create-routine', routine: kept, replaced: same ?? null })
  return kept
}

function volatility(word: string): Routine['volatility'] {
  return word === 'immutable' || word === 'stable' ? word : 'volatile'
}

export function dropRoutine(replay: Replay, object: Node, node: NodeOf<'DropStmt'>): void {
  const found = findRoutine(replay, object)
  if (found !== undefined) takeRoutine(replay, found)
  else if (isAssumable(replay, node.missing_ok === true)) takeRoutine(replay, unknownRoutine(replay, object))
}

/** Renamed or moved to another schema it is, to those who call it, gone. */
export function moveRoutine(replay: Replay, object: Node | undefined, to: { schema?: string; name?: string }): void {
  const routine = findRoutine(replay, object) ?? unknownRoutine(replay, object)
  takeRoutine(replay, routine)
  const moved = { ...routine, schema: to.schema ?? routine.schema, name: to.name ?? routine.name }
  const key = nameKey(moved.schema, moved.name)
  replay.catalog.routines.set(moved.oid, moved)
  replay.catalog.routineNames.set(key, [...(replay.catalog.routineNames.get(key) ?? []), moved.oid])
}

function findRoutine(replay: Replay, object: Node | undefined): Routine | undefined {
  const args = writtenArguments(replay, object)
  const names = texts(as(object, 'ObjectWithArgs')?.objname)
  return candidates(replay, names).find((one) => args === null || one.arguments === args)
}

/** Null where the statement gives a name alone. */
function writtenArguments(replay: Replay, object: Node | undefined): string | null {
  const written = as(object, 'ObjectWithArgs')
  if (written?.args_unspecified === true) return null
  return (written?.objargs ?? [])
    .map((one) => formatType(replay.catalog.after, { ...typeOf(replay, as(one, 'TypeName')).type, modifiers: [] }))
    .join(', ')
}

/** One that was there before the first migration that we see. */
function unknownRoutine(replay: Replay, object: Node | undefined): Routine {
  const names = texts(as(object, 'ObjectWithArgs')?.objname)
  return {
    oid: replay.catalog.nextOid(),
    schema: names.at(-2) ?? replay.searchPath[0] ?? 'public',
    name: names.at(-1) ?? '',
    kind: 'function',
    arguments: writtenArguments(replay, object) ?? '',
    argumentNames: [],
    outputNames: [],
    optional: 0,
    returns: 'unknown',
    language: 'unknown',
    volatility: 'volatile',
    isAssumed: true,
  }
}

function candidates(replay: Replay, names: readonly string[]): readonly Routine[] {
  const name = names.at(-1) ?? ''
  const schemas = names.length > 1 ? [names.at(-2) ?? ''] : replay.searchPath
  const found = schemas.flatMap((schema) => replay.catalog.after.routinesNamed(schema, name))
  return found.length > 0 || names.length > 1
    ? found
    : [...replay.catalog.routines.values()].filter((one) => one.name === name)
}

export function takeRoutine(replay: Replay, routine: Routine): void {
  const key = nameKey(routine.schema, routine.name)
  if (routine.isAssumed) replay.catalog.routines.assume(routine.oid, routine)
  replay.record.change({ kind: 'drop-routine', routine })
  replay.catalog.routines.delete(routine.oid)
  replay.catalog.routineNames.set(
    key,
    (replay.catalog.routineNames.get(key) ?? []).filter((oid) => oid !== routine.oid),
  )
}
