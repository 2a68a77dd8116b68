/** A map that remembers what it held at the last `mark`: the state before the deploy beside the state after it, without a copy. */
export interface TrackedMap<Key, Value> {
  readonly get: (key: Key) => Value | undefined
  readonly before: (key: Key) => Value | undefined
  readonly set: (key: Key, value: Value) => void
  readonly delete: (key: Key) => void
  /** Sets it for the past too: it was always there, and only now do we hear of it. */
  readonly assume: (key: Key, value: Value) => void
  readonly mark: () => void
  /** Keys that were set or deleted since the mark. */
  readonly touched: () => Iterable<Key>
  readonly values: () => Iterable<Value>
  readonly entries: () => Iterable<[Key, Value]>
}

export function trackedMap<Key, Value>(entries: Iterable<[Key, Value]> = []): TrackedMap<Key, Value> {
  const now = new Map<Key, Value>(entries)
  const old = new Map<Key, Value | undefined>()
  const remember = (key: Key) => {
    if (!old.has(key)) old.set(key, now.get(key))
  }
  return {
    get: (key) => now.get(key),
    before: (key) => (old.has(key) ? old.get(key) : now.get(key)),
    set(key, value) {
      remember(key)
      now.set(key, value)
    },
    delete(key) {
      remember(key)
      now.delete(key)
    },
    assume(key, value) {
      if (old.has(key)) old.set(key, value)
      now.set(key, value)
    },
    mark: () => old.clear(),
    touched: () => old.keys(),
    values: () => now.values(),
    entries: () => now.entries(),
  }
}
