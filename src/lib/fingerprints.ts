import { createHmac, randomBytes } from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'
import { BackflipError } from '../domain/errors.ts'

const KEY_BYTES = 32

/** `COMPONENT.NAME` → HMAC-SHA256, hex. */
export type Fingerprints = { readonly [name: string]: string }

/**
 * Says whether a secret is still what it was, and nothing else about it: keyed, so that a weak secret cannot be guessed from a copy of the
 * journal, and over the name too, so that two equal secrets do not look equal.
 */
export function fingerprint(key: Uint8Array, name: string, value: string): string {
  return createHmac('sha256', key).update(name).update('\0').update(value).digest('hex')
}

/** Those whose value differs now; one that is gone or new is another release's business. */
export function rotatedSince(known: Fingerprints, now: Fingerprints): readonly string[] {
  return Object.keys(now)
    .filter((name) => known[name] !== undefined && known[name] !== now[name])
    .sort()
}

/** The environment's own key, made at first use. `temporary` is where to write it before it is linked into place. */
export async function fingerprintKey(path: string, temporary: string): Promise<Uint8Array> {
  const found = await readKey(path)
  if (found !== null) return found
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(randomBytes(KEY_BYTES))
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    // link, not rename: of two first launches at once both must end with the same key.
    await link(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  await rm(temporary, { force: true })
  const made = await readKey(path)
  if (made === null) throw badKey(path, 'it was taken away again')
  return made
}

async function readKey(path: string): Promise<Uint8Array | null> {
  try {
    const key = await readFile(path)
    if (key.length !== KEY_BYTES) throw badKey(path, `it has ${key.length} bytes, not ${KEY_BYTES}`)
    return key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function badKey(path: string, problem: string): BackflipError {
  return new BackflipError(`${path} is not the key of the fingerprints: ${problem}`, {
    code: 'bad-fingerprint-key',
    kind: 'refused',
    hint: `move it away: a new one is made, and every secret then counts as rotated`,
  })
}
