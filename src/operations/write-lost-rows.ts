import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { exportLost, type RowSource } from '../domain/data/export-lost.ts'
import type { DataServiceName } from '../domain/ids.ts'

/** Of a file's name: a table may be called anything. */
const UNSAFE = /[^A-Za-z0-9_.-]+/g
const PIECE_CHARACTERS = 64 * 1024

/** One CSV file a table, readable by us alone: rows are somebody's data. Tables that lose nothing have no file. */
export async function writeLostRows(ask: {
  readonly folder: string
  readonly service: DataServiceName
  readonly newer: RowSource
  readonly older: RowSource
}): Promise<readonly { readonly file: string; readonly rows: number }[]> {
  mkdirSync(ask.folder, { recursive: true, mode: 0o700 })
  const written: { file: string; rows: number }[] = []
  for await (const { table, csv } of exportLost(ask.newer, ask.older)) {
    const file = join(ask.folder, `${ask.service}.${table.replaceAll(UNSAFE, '_')}.csv`)
    // The first record is the header.
    const rows = (await writeRecords(file, csv)) - 1
    if (rows > 0) written.push({ file, rows })
    else rmSync(file)
  }
  return written
}

/** How many were written. What a table has is never in memory at once. */
async function writeRecords(file: string, csv: AsyncIterable<string>): Promise<number> {
  const open = openSync(file, 'w', 0o600)
  try {
    let records = 0
    let piece = ''
    for await (const record of csv) {
      records += 1
      piece += record
      if (piece.length < PIECE_CHARACTERS) continue
      writeWhole(open, piece)
      piece = ''
    }
    writeWhole(open, piece)
    return records
  } finally {
    closeSync(open)
  }
}

/** write(2) may take less than it was given. */
function writeWhole(file: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}
