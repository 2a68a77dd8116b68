import type { Routine } from '../catalog/types.ts'
import { foldText, type Values } from '../sql/fold-text.ts'
import { as, type Node, tagOf, texts } from '../sql/node.ts'
import type { ParsedFile, ParsedStatement } from '../sql/parse-file.ts'
import { type BodyStatement, bodyStart, bodyStatements } from '../sql/plpgsql.ts'
import { applyStatement } from './apply.ts'
import type { Applied, Settings, Statement, TransactionState } from './changes.ts'
import { removeRelation } from './put.ts'
import type { Replay } from './replay.ts'
import { type RunnerTransaction, type SentAs, sentAs } from './sent-as.ts'

interface Transaction {
  state: TransactionState
  /** What SET LOCAL covered, to return to when it ends. */
  covered: Settings
}

const MAX_CALL_DEPTH = 8
let lastTransaction = 0

/** Replays a file. A new session: what an earlier file SET is gone. */
export function runFile(
  replay: Replay,
  parsed: ParsedFile,
  file: number,
  runner: RunnerTransaction,
): readonly Applied[] {
  replay.settings = {}
  replay.searchPath = ['public']
  for (const oid of replay.temporary.splice(0)) {
    const relation = replay.catalog.relations.get(oid)
    if (relation !== undefined) removeRelation(replay, relation)
  }
  const how = sentAs(runner, parsed)
  if (how !== 'batch') replay.batch = null
  const transaction: Transaction = { state: replay.batch ?? begin(how), covered: {} }
  const done: Applied[] = []
  for (const one of parsed.statements) {
    const statement = statementOf(replay, one, file, parsed.sql, transaction.state)
    trackTransaction(replay, transaction, one.node, how)
    applyStatement(replay, one.node, one.tag)
    if (one.tag === 'CreateFunctionStmt') rememberBody(replay, parsed, one)
    // Inside the block runs what the block holds; the block itself does nothing.
    const isBlock = one.tag === 'DoStmt'
    const call = isBlock ? { body: parsed.sql.slice(one.start, one.end), given: NONE } : calledBody(replay, one.node)
    if (call !== null) done.push(...runBody(replay, call, statement, isBlock ? parsed.sql : null, 0))
    done.push(replay.record.take(statement))
    if (transaction.state.kind === 'none') transaction.state = begin(how)
  }
  if (how === 'batch') replay.batch = transaction.state
  return done
}

const KINDS = {
  batch: 'runner',
  file: 'runner',
  'maybe-file': 'runner',
  statement: 'none',
  unknown: 'unknown',
  explicit: 'explicit',
} as const

function begin(how: keyof typeof KINDS): TransactionState {
  lastTransaction += 1
  return { kind: KINDS[how], id: lastTransaction, isSure: how !== 'maybe-file' }
}

function statementOf(
  replay: Replay,
  { node, tag, start, end }: ParsedStatement,
  file: number,
  sql: string,
  transaction: TransactionState,
): Statement {
  return {
    node,
    tag,
    file,
    start,
    end,
    outerStart: start,
    sql,
    origin: 'file',
    isConditional: false,
    transaction,
    settings: replay.settings,
  }
}

function trackTransaction(replay: Replay, transaction: Transaction, node: Node, runner: SentAs): void {
  const set = as(node, 'VariableSetStmt')
  if (set?.is_local === true) {
    const name = (set.name ?? '').toLowerCase()
    transaction.covered = { [name]: replay.settings[name] ?? '', ...transaction.covered }
  }
  const kind = as(node, 'TransactionStmt')?.kind
  if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') {
    transaction.state = begin('explicit')
  } else if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK') {
    transaction.state = begin(runner)
    const settings = { ...replay.settings, ...transaction.covered }
    replay.settings = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ''))
    transaction.covered = {}
  }
}

const CHANGES_SCHEMA = /\b(alter|create|drop|truncate)\b/i

/** A function that changes the schema does so when it is called. */
function rememberBody(replay: Replay, parsed: ParsedFile, { node, start, end }: ParsedStatement): void {
  const text = parsed.sql.slice(start, end)
  if (!CHANGES_SCHEMA.test(text.slice(6))) return
  const created = as(node, 'CreateFunctionStmt')
  const name = texts(created?.funcname).at(-1)
  for (const routine of replay.catalog.routines.values()) {
    if (routine.name === name && routine.language === 'plpgsql') replay.bodies.set(routine.oid, text)
  }
}

/** A body that runs, and what is known of the arguments that it runs with. */
interface Call {
  readonly body: string
  readonly given: Values
}

const NONE: Values = new Map()

function calledBody(replay: Replay, node: Node): Call | null {
  if (replay.bodies.size === 0) return null
  const targets = as(node, 'SelectStmt')?.targetList ?? []
  const calls = [...targets.map((one) => as(as(one, 'ResTarget')?.val, 'FuncCall')), as(node, 'CallStmt')?.funccall]
  for (const call of calls) {
    const name = texts(call?.funcname).at(-1)
    if (name === undefined) continue
    for (const routine of replay.catalog.routines.values()) {
      const body = routine.name === name ? replay.bodies.get(routine.oid) : undefined
      if (body !== undefined) return { body, given: givenArguments(routine, call?.args ?? []) }
    }
  }
  return null
}

/** By position, or by name as `f(a => 'x')`; of a routine that names all of its arguments. */
function givenArguments({ argumentNames, arguments: types }: Routine, args: readonly Node[]): Values {
  if (argumentNames.length === 0 || argumentNames.length !== types.split(', ').length) return NONE
  const given = new Map<string, string>()
  args.forEach((arg, at) => {
    const named = as(arg, 'NamedArgExpr')
    const name = named?.name ?? argumentNames[at]
    const value = foldText(named?.arg ?? arg, NONE)
    if (name !== undefined && value !== null) given.set(name, value)
  })
  return given
}

function runBody(
  replay: Replay,
  { body, given }: Call,
  outer: Statement,
  source: string | null,
  depth: number,
): readonly Applied[] {
  const statements = readBody(replay, body, given)
  if (statements === null) return []
  const done: Applied[] = []
  const start = source === null ? outer.start : outer.start + bodyStart(body)
  for (const one of statements) {
    const at = source === null ? outer.start : lineStart(source, start, one.line)
    done.push(
      ...runBodyStatement(
        replay,
        one,
        { ...outer, start: at, origin: 'block', isConditional: one.isConditional },
        depth,
      ),
    )
  }
  return done
}

function readBody(replay: Replay, body: string, given: Values): readonly BodyStatement[] | null {
  try {
    return bodyStatements(replay.parser, body, given)
  } catch (error) {
    // Another language, or a body that the server would refuse too.
    replay.record.change({ kind: 'unknown-sql', what: error instanceof Error ? error.message : String(error) })
    return null
  }
}

function runBodyStatement(replay: Replay, one: BodyStatement, outer: Statement, depth: number): readonly Applied[] {
  const parsed = one.sql === null ? null : replay.parser.parse(one.sql)
  if (parsed === null || 'message' in parsed) {
    // A query that holds PL/pgSQL's own words (INTO, a variable) is none that changes the schema.
    if (one.sql !== null && !CHANGES_SCHEMA.test(one.sql)) return []
    replay.record.change({ kind: 'unknown-sql', what: one.written.slice(0, 200) })
    return [replay.record.take({ ...outer })]
  }
  return parsed.flatMap(({ stmt }) => {
    const tag = tagOf(stmt)
    const statement: Statement = { ...outer, node: stmt, tag, settings: replay.settings }
    replay.record.isGuarded = true
    try {
      applyStatement(replay, stmt, tag)
    } finally {
      replay.record.isGuarded = false
    }
    const call = depth < MAX_CALL_DEPTH ? calledBody(replay, stmt) : null
    return [...(call === null ? [] : runBody(replay, call, statement, null, depth + 1)), replay.record.take(statement)]
  })
}

/** The first character that is not blank of a line, counted from the line of `from`. */
function lineStart(source: string, from: number, lines: number): number {
  let at = from
  for (let count = 0; count < lines; count += 1) {
    const next = source.indexOf('\n', at)
    if (next < 0) return from
    at = next + 1
  }
  if (lines === 0) return from
  return at + (/^\s*/.exec(source.slice(at, at + 1_000))?.[0].length ?? 0)
}
