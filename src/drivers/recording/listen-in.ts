import type { HeardQuery } from '../../ports/statement-recorder.ts'
import { messageSplitter, type ParseMessage, readBind, readParse, readQuery } from './messages.ts'
import { readParameters } from './parameters.ts'

/** Prepared statements of one connection that are remembered. */
const MAX_PREPARED = 10_000

/**
 * Follows what a client says behind its start-up message. False for ever once it cannot be followed. A statement that is prepared counts when it
 * is prepared, and once more for each call with parameters that can be read; passwords are messages of another kind and are not looked at.
 */
export function listenIn(onQuery: (query: HeardQuery) => void): (chunk: Buffer) => boolean {
  const split = messageSplitter()
  const prepared = new Map<string, ParseMessage>()
  let isLost = false
  return (chunk) => {
    if (isLost) return false
    try {
      const messages = split(chunk)
      for (const { type, body } of messages ?? []) hear(type, body)
      isLost = messages === null
    } catch (error) {
      // Buffer's own word for a message that is shorter than it says.
      if (!(error instanceof RangeError)) throw error
      isLost = true
    }
    return !isLost
  }

  function hear(type: string, body: Buffer): void {
    if (type === 'Q') {
      onQuery({ text: readQuery(body), parameterTypes: [], values: null })
    } else if (type === 'P') {
      const parse = readParse(body)
      if (prepared.size < MAX_PREPARED || prepared.has(parse.name)) prepared.set(parse.name, parse)
      onQuery({ text: parse.text, parameterTypes: parse.parameterTypes, values: null })
    } else if (type === 'B') {
      const { statement, values } = readBind(body)
      const known = prepared.get(statement)
      if (known === undefined) return
      const read = readParameters(values, known.parameterTypes)
      if (read !== null) onQuery({ text: known.text, parameterTypes: known.parameterTypes, values: read })
    }
  }
}
