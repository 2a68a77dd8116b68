import type { ReplayFile } from '../../../migrations/compatibility/replay-files.ts'
import { type SentAs, sentAs } from '../../../migrations/replay/sent-as.ts'
import type { ParsedFile } from '../../../migrations/sql/parse-file.ts'
import { standsAlone } from '../../../migrations/sql/stands-alone.ts'
import type { ShadowFile } from '../../../ports/shadow.ts'

/** Files of a batch are sent one by one, so that each can be looked at. */
const ON_SHADOW: { readonly [How in SentAs]: ShadowFile['transaction'] } = {
  batch: 'file',
  file: 'file',
  'maybe-file': 'unknown',
  statement: 'statement',
  unknown: 'unknown',
}

/** A migration as its runner would send it: parsed, so that each statement can be looked at on its own. */
export function toShadowFile({ name, transaction }: ReplayFile, parsed: ParsedFile): ShadowFile {
  return {
    name,
    transaction: ON_SHADOW[sentAs(transaction, parsed)],
    statements: parsed.statements.map(({ node, tag, start, end }) => ({
      text: parsed.sql.slice(start, end),
      line: parsed.positions.lineAt(start).line,
      isAlone: standsAlone(node, tag),
      isControl: tag === 'TransactionStmt',
    })),
  }
}
