import type { Table, TypeRef, UserType } from '../catalog/types.ts'
import type { NodeOf } from '../sql/node.ts'
import { as, type Node, texts } from '../sql/node.ts'
import type { Replay } from './replay.ts'
import { findType } from './resolve.ts'

type TypeName = NodeOf<'TypeName'>

const SERIALS: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
}

/** What the written type is, after the schema so far. `serial` is not a type: it is reported beside the integer that it makes. */
export function typeOf(
  replay: Replay,
  written: TypeName | undefined,
): { readonly type: TypeRef; readonly isSerial: boolean } {
  const names = texts(written?.names)
  const last = names.at(-1) ?? ''
  const serial = names.length === 1 ? SERIALS[last] : undefined
  const isBuiltIn = names[0] === 'pg_catalog'
  const own = isBuiltIn || serial !== undefined ? undefined : findType(replay, names)
  const type: TypeRef = {
    name: serial ?? own?.name ?? (names.length === 2 && !isBuiltIn && names[0] !== 'public' ? names.join('.') : last),
    oid: own?.oid ?? null,
    modifiers: last === 'interval' ? intervalModifiers(written) : modifiersOf(written?.typmods),
    isArray: (written?.arrayBounds ?? []).length > 0,
  }
  return { type, isSerial: serial !== undefined }
}

function modifiersOf(nodes: readonly Node[] | undefined): readonly number[] {
  return (nodes ?? []).flatMap((node) => {
    const constant = as(node, 'A_Const')
    return constant?.ival === undefined ? [] : [constant.ival.ival ?? 0]
  })
}

/** The first modifier of an interval is a mask of its fields, the second its precision. */
function intervalModifiers(written: TypeName | undefined): readonly number[] {
  return modifiersOf(written?.typmods).slice(1)
}

/** The domain below a type, when it is one. */
export function domainOf(replay: Replay, type: TypeRef): UserType | undefined {
  const own = type.oid === null || type.isArray ? undefined : replay.catalog.types.get(type.oid)
  return own?.kind === 'domain' ? own : undefined
}

/** A domain that checks: also through a domain below it. */
export function isConstrainedDomain(replay: Replay, type: TypeRef): boolean {
  const domain = domainOf(replay, type)
  return (
    domain !== undefined && (domain.isConstrained || (domain.base !== null && isConstrainedDomain(replay, domain.base)))
  )
}

/**
 * Whether a changed type has the server write the table anew, only check its rows, or neither: what find_coercion_pathway and
 * ATColumnChangeRequiresRewrite decide, measured in research/migrations.md §2, rows 13 and 14.
 */
export function typeChangeCost(
  replay: Replay,
  from: TypeRef | null,
  to: TypeRef,
  using: Node | undefined,
): 'rewrite' | 'instant' | 'unknown' {
  const steps = using === undefined ? [to] : castChain(replay, using)
  if (steps === null) return 'rewrite'
  if (from === null) return 'unknown'
  let current = from
  for (const step of [...steps, to]) {
    if (!isFree(replay, current, step)) return 'rewrite'
    current = step
  }
  return 'instant'
}

/** `c::text::kind` as [text, kind]; null for an expression that is more than casts of one column. */
function castChain(replay: Replay, expression: Node): readonly TypeRef[] | null {
  if (as(expression, 'ColumnRef') !== undefined) return []
  const cast = as(expression, 'TypeCast')
  if (cast?.arg === undefined) return null
  const inner = castChain(replay, cast.arg)
  return inner === null ? null : [...inner, typeOf(replay, cast.typeName).type]
}

const TEXTS = new Set(['text', 'varchar', 'citext'])
/** Casts that pg_cast calls binary coercible, both ways where both are listed. */
const SAME_BYTES: ReadonlySet<string> = new Set(
  'cidr>inet int4>oid oid>int4 int4>regclass regclass>int4 oid>regclass regclass>oid xml>text xml>varchar bit>varbit'.split(
    ' ',
  ),
)

function isFree(replay: Replay, from: TypeRef, to: TypeRef): boolean {
  if (from.oid !== null && from.oid === to.oid) return from.isArray === to.isArray
  if (isConstrainedDomain(replay, to)) return false
  const target = baseOf(replay, to)
  // A value of a domain is read as its base type without the limit.
  const source = domainOf(replay, from) === undefined ? from : { ...baseOf(replay, from), modifiers: [] }
  if (source.oid !== target.oid || source.isArray !== target.isArray) return false
  const isUnlimited = target.modifiers.length === 0
  // Element by element nothing is looked up: only no limit, or the same one, is free.
  if (source.isArray)
    return source.name === target.name && (isUnlimited || source.modifiers.join() === target.modifiers.join())
  if (source.name === target.name) return fits(source.modifiers, target.modifiers, source.name)
  if (TEXTS.has(source.name) && TEXTS.has(target.name)) {
    return isUnlimited || (source.name === 'varchar' && fits(source.modifiers, target.modifiers, 'varchar'))
  }
  if (isTimestamp(source.name) && isTimestamp(target.name)) {
    return isUtc(replay.server.timeZone) && (isUnlimited || (target.modifiers[0] ?? 6) >= MAX_TIME_DIGITS)
  }
  return isUnlimited && SAME_BYTES.has(`${source.name}>${target.name}`)
}

const MAX_TIME_DIGITS = 6

function baseOf(replay: Replay, type: TypeRef): TypeRef {
  const domain = domainOf(replay, type)
  return domain?.base == null ? type : baseOf(replay, domain.base)
}

/** Whether every value of the old modifiers is one of the new ones. */
function fits(from: readonly number[], to: readonly number[], name: string): boolean {
  if (to.length === 0) return true
  if (from.length === 0) return isTimestamp(name) && (to[0] ?? MAX_TIME_DIGITS) >= MAX_TIME_DIGITS
  if (name === 'numeric') return (to[1] ?? 0) === (from[1] ?? 0) && (to[0] ?? 0) >= (from[0] ?? 0)
  if (name === 'bpchar' || name === 'bit') return to[0] === from[0]
  return (to[0] ?? 0) >= (from[0] ?? 0)
}

function isTimestamp(name: string): boolean {
  return name === 'timestamp' || name === 'timestamptz'
}

function isUtc(zone: string): boolean {
  return /^(utc|gmt|etc\/utc|etc\/gmt|zulu|universal|0)$/i.test(zone)
}

/** Tables with a column of that type. */
export function tablesUsing(replay: Replay, type: UserType): readonly Table[] {
  return [...replay.catalog.relations.values()].filter(
    (one): one is Table => one.kind === 'table' && one.columns.some((column) => column.type?.oid === type.oid),
  )
}
