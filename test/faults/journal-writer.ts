import { openSqliteJournal } from '../../src/store/sqlite/journal.ts'

/** Opens the journal, takes the lease from whoever had it, appends, gives it back; says each number once it is durable. */
try {
  const journal = await openSqliteJournal({
    file: process.argv[2] ?? '',
    app: 'hello',
    environment: 'local',
    now: () => new Date().toISOString(),
    newId: () => '00000000-0000-7000-8000-00000000000a',
  })
  const held = await journal.lease()
  const holder = { actor: 'writer', host: 'h', pid: process.pid, processStart: '1', bootId: 'b' }
  const answer = await journal.takeLease({
    kind: 'operation',
    holder,
    message: 'write',
    ...(held === null ? {} : { replaces: { token: held.token, why: 'adopted: its disk failed' } }),
  })
  if ('held' in answer) throw new Error('held')
  for (let n = 0; n < 2; n += 1) {
    const entries = await journal.append(answer.taken.token, [
      { operation: null, actor: 'writer', fact: { kind: 'frozen', reason: `${n}` } },
    ])
    process.stdout.write(`${entries.at(-1)?.seq}\n`)
  }
  await journal.releaseLease(answer.taken.token)
  await journal.close()
} catch (error) {
  process.stderr.write(`${(error as { readonly code?: string }).code ?? 'no code'}: ${String(error)}\n`)
  process.exitCode = 3
}
