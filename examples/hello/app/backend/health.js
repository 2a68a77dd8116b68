export function health() {
  return { status: 200, ready: true }
}
