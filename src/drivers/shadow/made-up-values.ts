/** What is needed to make a value of a type up: `base` of a domain, category as in pg_type. */
export interface ValueType {
  /** As format_type prints it, with modifiers: `character varying(30)`. */
  readonly name: string
  readonly kind: 'base' | 'enum' | 'array' | 'other'
}

/**
 * SQL for the value number `g` of a type, or null for a type that nobody can make up here. The same number gives the same value in every table, so
 * that foreign keys between made-up rows hold.
 */
export function madeUpValue({ name, kind }: ValueType, g: string): string | null {
  if (kind === 'array') return `'{}'::${name}`
  if (kind === 'enum') return `(enum_range(NULL::${name}))[1 + ${g} % array_length(enum_range(NULL::${name}), 1)]`
  if (kind === 'other') return null
  const bare = name.replace(/\(.*\)/, '').trim()
  const length = /\((\d+)/.exec(name)?.[1]
  switch (bare) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'real':
    case 'double precision':
      return `${g}::${name}`
    case 'numeric':
      return length === undefined ? `${g}::numeric` : `(${g} % 10)::numeric`
    case 'text':
    case 'character varying':
    case 'character':
    case 'name':
    case 'citext':
      return length === undefined ? `('v' || ${g})::${bare}` : `left(${g} || 'v', ${length})::${name}`
    case 'boolean':
      return `(${g} % 2 = 0)`
    case 'uuid':
      return `('00000000-0000-4000-8000-' || lpad(${g}::text, 12, '0'))::uuid`
    case 'date':
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return `('2026-01-01'::timestamp + ${g} * interval '1 minute')::${name}`
    case 'time without time zone':
    case 'time with time zone':
      return `'12:00'::${name}`
    case 'interval':
      return `(${g} * interval '1 minute')`
    case 'json':
    case 'jsonb':
      return `'{}'::${bare}`
    case 'bytea':
      return `convert_to('v' || ${g}, 'UTF8')`
    case 'inet':
    case 'cidr':
      return `'127.0.0.1'::${bare}`
    case 'oid':
      return `${g}::oid`
    case 'xml':
      return `'<v/>'::xml`
    default:
      return null
  }
}

/** Columns for `name` and `kind`, of the type with the oid and modifier that are given: a domain is what it is made of. */
export function typeColumns(oid: string, modifier: string): string {
  return `(SELECT format_type(u.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE ${modifier} END) FROM pg_type t
      JOIN pg_type u ON u.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE t.oid = ${oid}),
    (SELECT CASE WHEN u.typcategory = 'A' THEN 'array' WHEN u.typtype = 'e' THEN 'enum' WHEN u.typtype = 'b' THEN 'base' ELSE 'other' END
      FROM pg_type t JOIN pg_type u ON u.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END WHERE t.oid = ${oid})`
}
