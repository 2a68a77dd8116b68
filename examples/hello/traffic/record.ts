/** `events` and `socket` are a connection's first answer, `event` and `message` what follows on it, `*-end` its end by the other side. */
export const KINDS = [
  'keep-alive',
  'fresh',
  'slow',
  'events',
  'event',
  'events-end',
  'socket',
  'message',
  'socket-end',
] as const
export type Kind = (typeof KINDS)[number]

/** Who answered, by the answer's own body. */
export interface Who {
  readonly sha: string
  readonly color: string
}

export interface TrafficRecord {
  readonly kind: Kind
  /** When it was asked and when the answer was complete: milliseconds since 1970 on a clock that never steps back. */
  readonly sentAt: number
  readonly doneAt: number
  /** Null when the answer did not say. */
  readonly who: Who | null
  /** Null: status, body and length were as they must be. Otherwise why not, in a few words. */
  readonly wrong: string | null
}

/** A record on its way from the child: kind, times, and the numbers of two texts that are sent once. 0 is null. */
export type PackedRecord = readonly [kind: number, sentAt: number, doneAt: number, who: number, wrong: number]

export interface Batch {
  readonly records: readonly PackedRecord[]
  /** Texts that are new in this batch; they are numbered from 1 in the order of their coming. */
  readonly texts: readonly string[]
}

/** Sub-millisecond, comparable between processes of one machine. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}

const MAX_TEXTS = 10_000

/** Turns records into small batches. */
export function packer(): { readonly add: (record: TrafficRecord) => void; readonly take: () => Batch } {
  const numbers = new Map<string, number>()
  let records: PackedRecord[] = []
  let texts: string[] = []
  const numberOf = (text: string | null): number => {
    if (text === null) return 0
    const known = numbers.get(text)
    if (known !== undefined) return known
    if (numbers.size >= MAX_TEXTS) return numberOf([...numbers.keys()][0] ?? null)
    numbers.set(text, numbers.size + 1)
    texts.push(text)
    return numbers.size
  }
  return {
    add: ({ kind, sentAt, doneAt, who, wrong }) => {
      const whoText = who === null ? null : `${who.sha} ${who.color}`
      records.push([KINDS.indexOf(kind), sentAt, doneAt, numberOf(whoText), numberOf(wrong)])
    },
    take: () => {
      const batch = { records, texts }
      records = []
      texts = []
      return batch
    },
  }
}

/** The other end: batches in, records out, about 40 bytes kept for each. */
export interface TrafficLog {
  readonly size: number
  readonly records: () => IterableIterator<TrafficRecord>
}

export function unpacker(): TrafficLog & { readonly add: (batch: Batch) => void } {
  const kept: number[] = []
  const texts: string[] = []
  const whos = new Map<number, Who>()
  const whoOf = (index: number): Who | null => {
    if (index === 0) return null
    const known = whos.get(index)
    if (known !== undefined) return known
    const [sha = '', color = ''] = (texts[index - 1] ?? '').split(' ')
    whos.set(index, { sha, color })
    return whoOf(index)
  }
  return {
    add: (batch) => {
      texts.push(...batch.texts)
      for (const record of batch.records) kept.push(...record)
    },
    get size() {
      return kept.length / 5
    },
    *records() {
      for (let at = 0; at < kept.length; at += 5) {
        const [kind = 0, sentAt = 0, doneAt = 0, who = 0, wrong = 0] = kept.slice(at, at + 5)
        yield {
          kind: KINDS[kind] ?? 'fresh',
          sentAt,
          doneAt,
          who: whoOf(who),
          wrong: wrong === 0 ? null : (texts[wrong - 1] ?? ''),
        }
      }
    },
  }
}
