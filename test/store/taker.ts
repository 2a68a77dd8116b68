import { openSqliteJournal } from '../../src/store/sqlite/journal.ts'

const journal = await openSqliteJournal({
  file: process.argv[2] ?? '',
  app: 'hello',
  environment: 'local',
  now: () => new Date().toISOString(),
  newId: () => '',
})
const holder = { actor: 'taker', host: 'h', pid: process.pid, processStart: '1', bootId: 'b' }
const answer = await journal.takeLease({ kind: 'operation', holder, message: 'race' })
process.stdout.write('taken' in answer ? 'taken' : 'held')
await journal.close()
