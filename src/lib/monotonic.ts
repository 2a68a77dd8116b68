/** Milliseconds since some instant of the past, for durations. Not `performance.now()`: that global loads a family of Node's modules. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1e6
}
