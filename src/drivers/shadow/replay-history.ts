import type { ShadowFile, ShadowHistory, SqlFailure } from '../../ports/shadow.ts'
import { applyFile, FORGET } from './apply-file.ts'
import { attempt, quoteName, type Session } from './session.ts'

/** As one question each: a history of 800 files is 3,000 waits otherwise. */
const BATCH_FILES = 25
const BATCH_CHARS = 1_000_000
/** Says which file was committed last. Set in the transaction of its file, so that it goes back with it. */
const MARK = 'backflip.replayed'
const MAX_ROLES = 10

type Problem = ShadowHistory['problems'][number]

/**
 * Replays files in order, many at a time. When something fails, what was committed before it stays, the file at hand is sent again by itself, and the
 * replay goes on behind it. `mayMakeRoles`: on a server of our own.
 */
export async function replayHistory(
  session: Session,
  files: readonly ShadowFile[],
  mayMakeRoles: boolean,
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (let at = 0; at < files.length; ) {
    const batch = batchFrom(files, at)
    const done = batch.length < 2 ? 0 : await sendBatch(session, batch)
    at += done
    const file = files[at]
    if (file === undefined || (done > 0 && done === batch.length)) continue
    const failure = await applyAlone(session, file, mayMakeRoles)
    if (failure !== null) problems.push({ file: file.name, failure })
    at += 1
  }
  return problems
}

function batchFrom(files: readonly ShadowFile[], from: number): readonly ShadowFile[] {
  const batch: ShadowFile[] = []
  let chars = 0
  for (const file of files.slice(from, from + BATCH_FILES)) {
    chars += file.statements.reduce((sum, { text }) => sum + text.length, 0)
    const isPlain = file.statements.every(({ isAlone, isControl }) => !isAlone && !isControl)
    if (!isPlain || file.transaction === 'statement' || chars > BATCH_CHARS) break
    batch.push(file)
  }
  return batch
}

/** How many of them are committed. */
async function sendBatch(session: Session, batch: readonly ShadowFile[]): Promise<number> {
  await session.rows(`SET ${MARK} = '0'`)
  const texts = batch.map(({ statements }, index) =>
    ['BEGIN', FORGET, `SET ${MARK} = '${index + 1}'`, ...statements.map(({ text }) => text), 'COMMIT'].join(';\n'),
  )
  const failure = await attempt(session, texts.join(';\n'))
  if (failure === null) return batch.length
  await session.rows('ROLLBACK')
  const [[mark] = []] = await session.rows(`SHOW ${MARK}`)
  return Number(mark)
}

/** A role that is not there is made, once per name; of a file that does not apply as a whole, every statement that does is kept. */
async function applyAlone(session: Session, file: ShadowFile, mayMakeRoles: boolean): Promise<SqlFailure | null> {
  for (let roles = 0; ; roles++) {
    const { failure } = await applyFile(session, file, null)
    if (failure === null) return null
    const role = /^role "(.+)" does not exist$/.exec(failure.message)?.[1]
    if (role === undefined || !mayMakeRoles || roles >= MAX_ROLES) {
      if (file.transaction !== 'statement')
        await applyFile(session, { ...file, transaction: 'statement' }, null, 'skip')
      return failure
    }
    await session.rows(`CREATE ROLE ${quoteName(role)} NOLOGIN`)
  }
}
