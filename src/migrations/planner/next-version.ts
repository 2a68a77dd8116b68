/** Names of the migrations to come: they sort behind the last one, in its own manner of counting. */
export function nextVersions(names: readonly string[], today: string): (index: number) => string {
  const last = names
    .map((name) => /^V?(\d+)/.exec(name.split('/').at(-1) ?? '')?.[1] ?? '')
    .findLast((one) => one !== '')
  const day = today.replaceAll('-', '')
  if (last === undefined) return (index) => String(index + 1).padStart(4, '0')
  // A date with its time, or a count of seconds: the next ones are of today, or one behind the other when the last one is later than that.
  const now = last.length === 14 ? `${day}000000` : last.length === 8 && last.startsWith('20') ? day : '0'
  const from = BigInt(last) >= BigInt(now) ? BigInt(last) + 1n : BigInt(now)
  return (index) => String(from + BigInt(index)).padStart(last.length, '0')
}
