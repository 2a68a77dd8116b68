import { as, type Node, texts, walk } from '../sql/node.ts'
import type { Replay } from './replay.ts'

/** Names of the columns that an expression mentions, each once. */
export function columnsIn(expression: Node | undefined): readonly string[] {
  const found = new Set<string>()
  walk(expression, (tag, fields) => {
    if (tag !== 'ColumnRef') return true
    const last = (fields as { fields?: Node[] }).fields?.at(-1)
    const name = as(last, 'String')?.sval
    if (name !== undefined) found.add(name)
    return false
  })
  return [...found]
}

/** Names of the columns that are not null wherever the expression is true. */
export function provedNotNull(expression: Node | undefined): readonly string[] {
  const test = as(expression, 'NullTest')
  if (test !== undefined) return test.nulltesttype === 'IS_NOT_NULL' ? columnsIn(test.arg) : []
  const bool = as(expression, 'BoolExpr')
  return bool?.boolop === 'AND_EXPR' ? (bool.args ?? []).flatMap(provedNotNull) : []
}

/** Of a DEFAULT: evaluated once for all rows (`constant`, `stable`), or once a row. */
export function volatilityOf(replay: Replay, expression: Node): 'constant' | 'stable' | 'volatile' {
  let worst: 'constant' | 'stable' | 'volatile' = 'constant'
  walk(expression, (tag, fields) => {
    if (tag === 'SQLValueFunction' && worst === 'constant') worst = 'stable'
    if (tag === 'FuncCall') {
      const of = functionVolatility(replay, texts((fields as { funcname?: Node[] }).funcname))
      if (of === 'volatile' || worst === 'constant') worst = of
    }
    return true
  })
  return worst
}

function functionVolatility(replay: Replay, names: readonly string[]): 'constant' | 'stable' | 'volatile' {
  const name = names.at(-1) ?? ''
  const own = [...replay.catalog.routines.values()].filter((one) => one.name === name)
  if (own.length > 0 && names[0] !== 'pg_catalog') {
    if (own.every(({ volatility }) => volatility === 'immutable')) return 'constant'
    return own.some(({ volatility }) => volatility === 'volatile') ? 'volatile' : 'stable'
  }
  if (STABLE.has(name)) return 'stable'
  return IMMUTABLE.has(name) ? 'constant' : 'volatile'
}

/** What nobody knows counts as volatile: pg_proc has 2,700 functions that are not, these are those that defaults use. */
const STABLE = new Set(
  'now transaction_timestamp statement_timestamp current_setting current_database current_schema current_schemas to_timestamp to_date to_char age date_trunc timezone date_part localtimestamp concat concat_ws format json_build_object json_build_array jsonb_build_object jsonb_build_array to_json to_jsonb row_to_json array_to_json array_to_string string_to_array quote_literal quote_nullable inet_client_addr inet_server_addr pg_backend_pid txid_current_if_assigned pg_current_xact_id_if_assigned has_table_privilege version session_user extract to_regclass'.split(
    ' ',
  ),
)
const IMMUTABLE = new Set(
  'lower upper initcap btrim ltrim rtrim trim length char_length octet_length substr substring left right lpad rpad replace translate reverse repeat split_part position strpos starts_with ascii chr md5 sha224 sha256 sha384 sha512 encode decode convert_from convert_to to_hex abs ceil ceiling floor round trunc sqrt power exp ln log mod sign div gcd lcm least greatest coalesce nullif int4range int8range numrange tsrange tstzrange daterange range_merge make_date make_time make_timestamp make_interval justify_days justify_hours justify_interval array_append array_prepend array_cat array_length array_fill cardinality unnest to_tsvector tsvector_concat setweight to_tsquery plainto_tsquery regexp_replace regexp_match regexp_split_to_array overlay jsonb_set jsonb_insert jsonb_strip_nulls json_object jsonb_object hashtext hstore text uuid_nil uuid_ns_dns uuid_ns_url uuid_ns_oid uuid_ns_x500 interval point box circle lseg path polygon quote_ident similar_escape like_escape ltree text2ltree concat_ws_immutable bit_length isfinite numeric int2 int4 int8 float4 float8 bool date bpchar varchar inet host network masklen set_masklen'.split(
    ' ',
  ),
)

/** A condition that holds for every row, as people write it. */
export function isAlwaysTrue(condition: Node | undefined): boolean {
  if (condition === undefined) return true
  const constant = as(condition, 'A_Const')
  if (constant?.boolval !== undefined) return constant.boolval.boolval === true
  const not = as(condition, 'BoolExpr')
  if (not?.boolop === 'NOT_EXPR') return isAlwaysFalse(not.args?.[0])
  if (not?.boolop === 'AND_EXPR') return (not.args ?? []).every(isAlwaysTrue)
  if (not?.boolop === 'OR_EXPR') return (not.args ?? []).some(isAlwaysTrue)
  const test = as(condition, 'NullTest')
  if (test !== undefined) {
    const value = as(test.arg, 'A_Const')
    return value !== undefined && (value.isnull === true) === (test.nulltesttype === 'IS_NULL')
  }
  const compare = as(condition, 'A_Expr')
  const [left, right] = [as(compare?.lexpr, 'A_Const'), as(compare?.rexpr, 'A_Const')]
  if (left === undefined || right === undefined || texts(compare?.name)[0] !== '=') return false
  return left.isnull !== true && JSON.stringify({ ...left, location: 0 }) === JSON.stringify({ ...right, location: 0 })
}

function isAlwaysFalse(condition: Node | undefined): boolean {
  const constant = as(condition, 'A_Const')
  if (constant?.boolval !== undefined) return constant.boolval.boolval !== true
  const not = as(condition, 'BoolExpr')
  return not?.boolop === 'NOT_EXPR' && isAlwaysTrue(not.args?.[0])
}
