import type { RunnerTransaction } from '../replay/sent-as.ts'
import type { Layout } from './layouts.ts'
import { sqlInProgram } from './sql-in-program.ts'

export interface ReadMigration {
  /** The file with what does not run on the way up as blanks: the same length, so that places stay. */
  readonly visible: string
  readonly transaction: RunnerTransaction
}

/** What of a file its runner runs on the way up, and how. `transaction` overrides what the layout says. */
export function readMigration(layout: Layout, text: string, transaction: RunnerTransaction | null): ReadMigration {
  const says = layout.noTransaction?.test(text) === true ? 'statement' : asked(layout, transaction)
  const marks = layout.sections ?? layout.marks
  const up = layout.name === 'knex' ? sqlInProgram(text) : marks === undefined ? text : upSection(text, marks)
  // The runner ends the statement there; a semicolon in place of the comment's first character says the same to the parser.
  const visible =
    layout.statementEnd === undefined
      ? up
      : up.replaceAll(layout.statementEnd, (mark) => `;${mark.slice(1).replaceAll(/[^\n]/g, ' ')}`)
  return { visible, transaction: says }
}

/** Who opens transactions and is told to take one a file opens one around it. */
function asked({ transaction: own }: Layout, told: RunnerTransaction | null): RunnerTransaction {
  if (told === 'file' && (own === 'batch' || own === 'wrapped')) return 'wrapped'
  return told ?? own
}

/** A file without the marks is all up. */
function upSection(text: string, { up, down }: NonNullable<Layout['sections']>): string {
  let isUp = !text.split('\n').some((line) => up.test(line))
  return text
    .split('\n')
    .map((line) => {
      if (up.test(line)) isUp = true
      else if (down.test(line)) isUp = false
      return isUp ? line : ' '.repeat(line.length)
    })
    .join('\n')
}
