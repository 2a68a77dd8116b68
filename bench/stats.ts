/** Medians and spread of milliseconds. A figure without its spread and its neighbour says little on a shared machine. */
export interface Spread {
  readonly min: number
  readonly median: number
  readonly p95: number
  readonly count: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { min: round(at(0)), median: round(at(0.5)), p95: round(at(0.95)), count: sorted.length }
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What it is measured against, in the same run. */
  readonly against?: { readonly name: string; readonly value: number }
  readonly ratio?: number
  /** The most that the ratio, or without one the value, may be. */
  readonly goal?: number
  readonly note?: string
}

export function ratio(
  name: string,
  value: Spread,
  against: { readonly name: string; readonly spread: Spread },
  goal: number,
): Figure {
  const note = `${value.count} runs, min ${value.min}, p95 ${value.p95}; floor min ${against.spread.min}, p95 ${against.spread.p95}`
  return {
    name,
    value: value.median,
    unit: 'ms',
    against: { name: against.name, value: against.spread.median },
    ratio: round(value.median / against.spread.median),
    goal,
    note,
  }
}

/** One line a figure; `--json` prints them as they are. */
export function print(bench: string, figures: readonly Figure[], json: boolean): void {
  if (json) {
    console.log(JSON.stringify({ bench, figures }))
    return
  }
  for (const { name, value, unit, against, ratio: times, goal, note } of figures) {
    const beside = against === undefined ? '' : `, ${against.name} ${against.value} ${unit}, ${times} ×`
    const bound =
      goal === undefined
        ? ''
        : `   (goal ≤ ${goal}${times === undefined ? ` ${unit}` : ' ×'}: ${(times ?? value) <= goal ? 'met' : 'NOT met'})`
    console.log(`${bench}  ${name}: ${value} ${unit}${beside}${bound}${note === undefined ? '' : `   ${note}`}`)
  }
}
