import { openSqliteJournal } from '../../src/store/sqlite/journal.ts'

/** Appends until it is killed, and says each number once it is durable. Takes the lease from whoever died with it. */
const journal = await openSqliteJournal({
  file: process.argv[2] ?? '',
  app: 'hello',
  environment: 'local',
  now: () => new Date().toISOString(),
  newId: () => '',
})
const held = await journal.lease()
const holder = { actor: 'appender', host: 'h', pid: process.pid, processStart: '1', bootId: 'b' }
const ask = { kind: 'operation' as const, holder, message: 'append' }
const answer = await journal.takeLease(
  held === null ? ask : { ...ask, replaces: { token: held.token, why: 'adopted: it was killed' } },
)
if ('held' in answer) throw new Error('held')
for (let n = 0; n < 100_000; n += 1) {
  const entries = await journal.append(answer.taken.token, [
    { operation: null, actor: 'appender', fact: { kind: 'frozen', reason: `${n}` } },
  ])
  process.stdout.write(`${entries.at(-1)?.seq}\n`)
}
