/** One record as RFC 4180 has it. NULL is nothing, an empty string is `""`: as PostgreSQL's own CSV tells them apart. */
export function csvLine(values: readonly (string | null)[]): string {
  return `${values.map(csvValue).join(',')}\n`
}

function csvValue(value: string | null): string {
  if (value === null) return ''
  return value === '' || /[",\r\n]|^\s|\s$|^\\\.$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
