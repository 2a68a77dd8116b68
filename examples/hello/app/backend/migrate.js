// A stand-in for a database and its migrations: a JSON file, and numbered files that change it. Exits 0 when all are applied.
// `migrate.js` applies what is pending, under a lock; `migrate.js --check` exits 1 when something is.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LOCK_LIMIT_MS = 10_000
const LOCK_RETRY_MS = 50

const folder = new URL('./migrations/', import.meta.url)
const database = process.env.HELLO_DATABASE ?? join(process.env.BACKFLIP_STATE ?? '.', 'hello-database.json')

function read() {
  try {
    return JSON.parse(readFileSync(database, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return { applied: [], tables: {} }
    throw error
  }
}

function pending(applied) {
  return readdirSync(folder)
    .filter((name) => /^\d{4}_.*\.json$/.test(name) && !applied.includes(name))
    .sort()
}

/** One at a time, whoever asks. mkdir is atomic; a lock that stays is a person's to look at. */
async function withLock(work) {
  const lock = `${database}.lock`
  const until = Date.now() + LOCK_LIMIT_MS
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (Date.now() > until) throw new Error(`somebody else holds ${lock}`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS))
    }
  }
  try {
    work()
  } finally {
    rmdirSync(lock)
  }
}

function applyAll() {
  for (const name of pending(read().applied)) {
    const { tables, applied } = read()
    const { create, columns } = JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
    const changed = { tables: { ...tables, [create]: columns }, applied: [...applied, name] }
    // The change and the note that it is done are one rename: there is no moment between them.
    writeFileSync(`${database}.new`, JSON.stringify(changed))
    renameSync(`${database}.new`, database)
    console.log(`applied ${name}`)
  }
}

if (process.argv.includes('--check')) process.exitCode = pending(read().applied).length === 0 ? 0 : 1
else await withLock(applyAll)
