const MAX_IDENTIFIER_BYTES = 63

/** The name that PostgreSQL makes for an object without one: `users_email_key`. The longer part is cut when they do not fit (makeObjectName). */
export function makeName(table: string, column: string | null, label: string): string {
  const overhead = label.length + 1 + (column === null ? 0 : 1)
  let [first, second] = [table, column ?? '']
  while (Buffer.byteLength(first) + Buffer.byteLength(second) > MAX_IDENTIFIER_BYTES - overhead) {
    if (first.length > second.length) first = first.slice(0, -1)
    else second = second.slice(0, -1)
  }
  return column === null ? `${first}_${label}` : `${first}_${second}_${label}`
}
