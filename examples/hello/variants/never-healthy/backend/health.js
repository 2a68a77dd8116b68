/** Ready when the warm-up is over; and nothing ever ends the warm-up. */
let isWarm = false

export function health() {
  if (!isWarm) return { status: 503, ready: false, waitingFor: 'warm-up' }
  return { status: 200, ready: true }
}

export function warmedUp() {
  isWarm = true
}
