import type { SqlFailure, Tried, TriedAsk } from '../../ports/shadow.ts'
import { madeUpValue, typeColumns, type ValueType } from './made-up-values.ts'
import { attempt, failureOf, quoteText, type Session } from './session.ts'

const NAME = 'backflip_tried'
/** A made-up row that nobody has yet, for what is inserted; and the first one of those that are there, for what is changed or referred to. */
const NUMBERS = ['100001', '1']

/** Prepares each statement, and executes it in a transaction of its own that is rolled back. */
export async function tryStatements(session: Session, asks: readonly TriedAsk[]): Promise<readonly Tried[]> {
  const types = await typeNames(session, asks)
  const tried: Tried[] = []
  for (const ask of asks) tried.push(await tryOne(session, ask, types))
  return tried
}

async function tryOne(session: Session, ask: TriedAsk, types: ReadonlyMap<number, string>): Promise<Tried> {
  const preparing = await attempt(session, prepare(NAME, ask, types))
  if (preparing !== null) return { id: ask.id, preparing, runs: [], notRun: null, isGenerated: false }
  const runs: { failure: SqlFailure | null }[] = []
  let notRun: string | null = null
  const isGenerated = ask.samples.length === 0
  if (isGenerated) {
    const made = await makeUp(session)
    if (typeof made === 'string') notRun = made
    else for (const values of made) runs.push({ failure: await execute(session, values) })
  } else for (const sample of ask.samples) runs.push({ failure: await execute(session, sample.map(quoteText)) })
  await session.rows(`DEALLOCATE ${NAME}`)
  return { id: ask.id, preparing, runs, notRun, isGenerated: isGenerated && runs.length > 1 }
}

/** With deferred constraints: what COMMIT would say. */
async function execute(session: Session, values: readonly string[]): Promise<SqlFailure | null> {
  const list = values.length === 0 ? '' : `(${values.join(', ')})`
  const failure = await attempt(session, `BEGIN; EXECUTE ${NAME}${list}; SET CONSTRAINTS ALL IMMEDIATE`)
  await session.rows('ROLLBACK')
  return failure
}

/** The values of each execution, or why there are none. Without parameters one is enough. */
async function makeUp(session: Session): Promise<readonly (readonly string[])[] | string> {
  const rows = await session.rows(`SELECT ${typeColumns('p.oid', '-1')} FROM pg_prepared_statements s,
    unnest(s.parameter_types) WITH ORDINALITY AS p (oid, at) WHERE s.name = '${NAME}' ORDER BY p.at`)
  const types = rows.map(([name, kind]) => ({ name: name ?? '', kind: kind as ValueType['kind'] }))
  const unknown = types.find((type) => madeUpValue(type, '1') === null)
  if (unknown !== undefined) return `no value of type ${unknown.name} can be made up`
  const made = NUMBERS.map((number) => types.map((type) => madeUpValue(type, number) ?? 'NULL'))
  return types.length === 0 ? made.slice(0, 1) : made
}

/** PREPARE wants names, and takes `unknown` for what the server is to infer. Types of the app's own have other ids in another database. */
export async function typeNames(session: Session, asks: readonly TriedAsk[]): Promise<ReadonlyMap<number, string>> {
  const oids = new Set(asks.flatMap(({ parameterTypes }) => parameterTypes.filter((oid) => oid > 0 && oid < 16_384)))
  if (oids.size === 0) return new Map()
  const rows = await session.rows(
    `SELECT oid, format_type(oid, NULL) FROM pg_type WHERE oid = ANY ('{${[...oids].join(',')}}'::oid[])`,
  )
  return new Map(rows.map(([oid, name]) => [Number(oid), name ?? 'unknown']))
}

function prepare(name: string, { text, parameterTypes }: TriedAsk, types: ReadonlyMap<number, string>): string {
  const list = parameterTypes.map((oid) => types.get(oid) ?? 'unknown')
  return `PREPARE ${name}${list.every((one) => one === 'unknown') ? '' : ` (${list.join(', ')})`} AS ${text}`
}

/** Statements that stay prepared, as in the connections of a pool, while the schema changes under them. */
export async function keepPrepared(session: Session, asks: readonly TriedAsk[]): Promise<readonly Kept[]> {
  const types = await typeNames(session, asks)
  const kept: Kept[] = []
  for (const [index, ask] of asks.entries()) {
    const name = `backflip_kept_${index}`
    if ((await attempt(session, prepare(name, ask, types))) !== null) continue
    const [[count] = []] = await session.rows(
      `SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = '${name}'`,
    )
    kept.push({ id: ask.id, name, parameters: Number(count) })
  }
  return kept
}

export interface Kept {
  readonly id: string
  readonly name: string
  readonly parameters: number
}

/** EXPLAIN EXECUTE plans it again and runs nothing: a changed result is told here (SQLSTATE 0A000, `cached plan must not change result type`). */
export async function staleOnes(
  session: Session,
  kept: readonly Kept[],
): Promise<readonly { readonly id: string; readonly failure: SqlFailure }[]> {
  const stale: { id: string; failure: SqlFailure }[] = []
  for (const { id, name, parameters } of kept) {
    const list = parameters === 0 ? '' : `(${Array.from({ length: parameters }, () => 'NULL').join(', ')})`
    try {
      await session.rows(`EXPLAIN EXECUTE ${name}${list}`)
    } catch (error) {
      stale.push({ id, failure: failureOf(error, null) })
    }
  }
  return stale
}
