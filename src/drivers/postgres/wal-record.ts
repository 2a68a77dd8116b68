/** One relation's file: what the log calls a table. */
export interface FileNode {
  readonly tablespace: number
  readonly database: number
  readonly node: number
}

export type RowChange = 'inserted' | 'updated' | 'deleted'

/** What a line of pg_waldump means for counting rows. */
export type WalEvent =
  | {
      readonly kind: 'rows'
      readonly xid: number
      readonly file: FileNode
      readonly change: RowChange
      readonly count: number
    }
  | {
      readonly kind: 'commit'
      readonly xids: readonly number[]
      readonly at: string
      /** Files that went with it: tables that were dropped, truncated or rewritten. */
      readonly dropped: readonly FileNode[]
    }
  | { readonly kind: 'abort'; readonly xids: readonly number[] }

export interface WalLine {
  readonly lsn: string
  readonly event: WalEvent | null
}

const LINE = /^rmgr: (\w+) +len .*?, tx: +(\d+), lsn: ([0-9A-F]+\/[0-9A-F]+), prev [0-9A-F/]+, desc: ([A-Z_+]+) ?(.*)$/
const RELATION = /blkref #0: rel (\d+)\/(\d+)\/(\d+)/
/** A speculative insert (ON CONFLICT) that lost is taken back under XLH_DELETE_IS_SUPER (access/heapam_xlog.h): it was no row. */
const IS_SUPER_DELETE = 0x08

/** A line of pg_waldump (15 and later) for the resource managers Heap, Heap2 and Transaction; null when it is none. */
export function parseWalLine(line: string): WalLine | null {
  const found = LINE.exec(line)
  if (found === null) return null
  const [, manager = '', xid = '', lsn = '', name = '', rest = ''] = found
  return { lsn, event: manager === 'Transaction' ? endOf(name, Number(xid), rest) : rowsOf(name, Number(xid), rest) }
}

function rowsOf(name: string, xid: number, rest: string): WalEvent | null {
  const relation = RELATION.exec(rest)
  if (relation === null) return null
  const file = fileNode(relation[1], relation[2], relation[3])
  const rows = (change: RowChange, count: number): WalEvent => ({ kind: 'rows', xid, file, change, count })
  // "+INIT": the first row of a new page. A row that moves to another page is one UPDATE record, not two.
  switch (name.replace('+INIT', '')) {
    case 'INSERT':
      return rows('inserted', 1)
    case 'MULTI_INSERT':
      // 15: "3 tuples flags 0x02"; 16 and later: "ntuples: 3, flags: 0x02".
      return rows('inserted', Number(/(\d+) tuples|ntuples: (\d+)/.exec(rest)?.slice(1).find(Boolean)))
    case 'UPDATE':
    case 'HOT_UPDATE':
      return rows('updated', 1)
    case 'DELETE': {
      const flags = Number(/flags:? (0x[0-9A-F]+)/.exec(rest)?.[1] ?? 0)
      return (flags & IS_SUPER_DELETE) === 0 ? rows('deleted', 1) : rows('inserted', -1)
    }
    default:
      return null
  }
}

function endOf(name: string, xid: number, rest: string): WalEvent | null {
  // A prepared transaction's end is written by somebody else; the record begins with the id that it was prepared under.
  const prepared = /^(\d+): (.*)$/s.exec(rest)
  const own = prepared === null ? xid : Number(prepared[1])
  const text = prepared === null ? rest : (prepared[2] ?? '')
  const xids = [own, ...numbers(/subxacts: ([\d ]+)/.exec(text)?.[1])]
  if (name.startsWith('ABORT')) return { kind: 'abort', xids }
  if (!name.startsWith('COMMIT')) return null
  return { kind: 'commit', xids, at: isoTime(text), dropped: droppedFiles(text) }
}

/** `2026-11-25 04:02:08.079452 UTC`; the tool runs with TZ=UTC. */
function isoTime(text: string): string {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d+) UTC/.exec(text)
  return found === null ? '' : `${found[1]}T${found[2]}Z`
}

/** `rels: base/5/16384 pg_tblspc/16400/PG_15_202209061/5/16384;` */
function droppedFiles(text: string): readonly FileNode[] {
  const paths = /rels: ([^;]+)/.exec(text)?.[1]?.trim().split(' ') ?? []
  return paths.flatMap((path) => {
    const base = /^base\/(\d+)\/(\d+)$/.exec(path)
    if (base !== null) return [fileNode('1663', base[1], base[2])]
    const other = /^pg_tblspc\/(\d+)\/[^/]+\/(\d+)\/(\d+)$/.exec(path)
    return other === null ? [] : [fileNode(other[1], other[2], other[3])]
  })
}

function fileNode(tablespace = '0', database = '0', node = '0'): FileNode {
  return { tablespace: Number(tablespace), database: Number(database), node: Number(node) }
}

function numbers(text: string | undefined): readonly number[] {
  return text === undefined ? [] : text.trim().split(/ +/).map(Number)
}
