import { CRASH_POINTS, type CrashPoint, MAX_DEPTH, nameOf } from './crash-points.ts'

/** What the schedules have really reached. A fault that never happened tests nothing. */
export class Coverage {
  readonly crashes = new Map<string, number>()
  readonly faults = new Map<string, number>()
  readonly endings = new Map<string, number>()

  crashed(point: CrashPoint, depth: number): void {
    add(this.crashes, nameOf(point, Math.min(depth, MAX_DEPTH)))
  }

  fault(name: string): void {
    add(this.faults, name)
  }

  ended(name: string): void {
    add(this.endings, name)
  }

  /** Crash points that no schedule reached. */
  missed(): readonly string[] {
    const wanted = CRASH_POINTS.flatMap((point) =>
      Array.from({ length: MAX_DEPTH }, (_, index) => nameOf(point, index + 1)),
    )
    return wanted.filter((name) => !this.crashes.has(name))
  }

  get wanted(): number {
    return CRASH_POINTS.length * MAX_DEPTH
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
