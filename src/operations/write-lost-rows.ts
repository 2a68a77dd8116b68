import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { exportLost, type RowSource } from '../domain/data/export-lost.ts'
import type { DataServiceName } from '../domain/ids.ts'

/** Of a file's name: a table may be called anything. */
const UNSAFE = /[^A-Za-z0-9_.-]+/g

/** One CSV file a table, readable by us alone: rows are somebody's data. Tables that lose nothing have no file. */
export async function writeLostRows(ask: {
  readonly folder: string
  readonly service: DataServiceName
  readonly newer: RowSource
  readonly older: RowSource
}): Promise<readonly { readonly file: string; readonly rows: number }[]> {
  await mkdir(ask.folder, { recursive: true, mode: 0o700 })
  const written: { file: string; rows: number }[] = []
  for await (const { table, csv } of exportLost(ask.newer, ask.older)) {
    const file = join(ask.folder, `${ask.service}.${table.replaceAll(UNSAFE, '_')}.csv`)
    let lines = 0
    await pipeline(
      csv,
      async function* (source) {
        for await (const line of source) {
          lines += 1
          yield line
        }
      },
      createWriteStream(file, { mode: 0o600 }),
    )
    // The first line is the header.
    if (lines > 1) written.push({ file, rows: lines - 1 })
    else await rm(file)
  }
  return written
}
