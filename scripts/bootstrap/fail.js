/** Everything the bootstrap says goes to stderr: stdout belongs to the task (`--json`). */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** One clear sentence, and exit code 1. */
export function fail(sentence) {
  say(`backflip: ${sentence}`)
  process.exit(1)
}
