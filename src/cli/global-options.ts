/** What every verb takes. */
export const GLOBAL_OPTIONS = [
  ['--env <name>', 'which environment; not needed when there is one'],
  ['--config <file>', 'default: the nearest backflip.yaml'],
  ['--json', 'one JSON document on standard output, at the end'],
  ['--events', 'each journal entry as a line of JSON on standard output, as it happens'],
  ['--yes', 'do not ask'],
  ['--lock-wait <time>', 'wait for another operation, as in 15m; never for a lock that a person took'],
] as const
