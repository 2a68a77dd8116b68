import type { Lsn } from '../../domain/data/lsn.ts'
import { lines as lastLines, type PostgresHost, runTool } from './host.ts'
import { parseWalLine, type WalLine } from './wal-record.ts'

export interface WalStretch {
  readonly timeline: number
  readonly from: Lsn
  readonly until: Lsn
}

const PAGE_RECORDS = 20_000
const PAGE_BYTES = 64 * 1024 * 1024
const PAGE_TIMEOUT_MS = 120_000
const MANAGERS = ['Heap', 'Heap2', 'Transaction']

/**
 * Reads a stretch of the log that is still on disk, page by page, and hands over each line. Returns null, or why it could not be read: files
 * that nothing holds back are gone after two checkpoints, unless `wal_keep_size` or a slot keeps them.
 */
export async function dumpWal(
  host: PostgresHost,
  stretch: WalStretch,
  each: (line: WalLine) => void,
): Promise<string | null> {
  let start: string = stretch.from
  let last: string | null = null
  for (;;) {
    const { exitCode, stdout, stderr } = await runTool(host, 'pg_waldump', argsFor(host, stretch, start), {
      timeoutMs: PAGE_TIMEOUT_MS,
      maxOutputBytes: PAGE_BYTES,
    })
    const printed = stdout.split('\n')
    // The last piece is empty, or was cut by the bound on the output.
    if (printed.pop() !== '') return 'the log has records that are too long for one look'
    const read = printed.flatMap((line) => parseWalLine(line) ?? [])
    const fresh = read[0]?.lsn === last ? read.slice(1) : read
    for (const line of fresh) each(line)
    // With a limit the tool ends with 0 when it is reached; a stretch without such records ends with 1 and says so.
    if (exitCode !== 0 && !isEmptyStretch(stderr)) return lastLines(stderr, 1)[0] ?? 'pg_waldump failed'
    if (printed.length < PAGE_RECORDS) return null
    last = start = read.at(-1)?.lsn ?? start
    if (fresh.length === 0) return 'the log could not be read on'
  }
}

function argsFor({ config }: PostgresHost, { timeline, until }: WalStretch, start: string): readonly string[] {
  return [
    `--path=${config.dataFolder}/pg_wal`,
    `--timeline=${timeline}`,
    `--start=${start}`,
    `--end=${until}`,
    `--limit=${PAGE_RECORDS}`,
    ...MANAGERS.map((manager) => `--rmgr=${manager}`),
  ]
}

function isEmptyStretch(stderr: string): boolean {
  return /could not find a valid record after/.test(stderr)
}
