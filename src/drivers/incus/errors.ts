import { BackflipError, type ErrorKind } from '../../domain/errors.ts'

/** What Incus answered, kept as the cause: its words are its own. */
export class IncusAnswer extends Error {
  /** `error_code` of the answer or `status_code` of the operation: the classes of HTTP. */
  readonly status: number

  constructor(status: number, text: string) {
    super(text)
    this.name = 'IncusAnswer'
    this.status = status
  }
}

interface Meaning {
  readonly code: string
  readonly kind: ErrorKind
  readonly finds: RegExp
  readonly hint?: string
}

/**
 * What the texts mean. Two of them arrive as a plain 500, so the text decides (research/incus.md §4.4). The first that fits.
 */
const MEANINGS: readonly Meaning[] = [
  {
    code: 'incus-exists',
    kind: 'refused',
    finds: /UNIQUE constraint failed|already exists|name already in use/i,
    hint: 'incus list, and choose another name or remove what has it',
  },
  {
    code: 'incus-address-taken',
    kind: 'refused',
    finds: /already defined on another NIC|address already in use/i,
    hint: 'incus list, to see who has the address',
  },
  {
    code: 'incus-no-image',
    kind: 'failed',
    finds: /Image not provided|image .*not found|Failed getting image/i,
    hint: 'incus image list, and name one of them',
  },
  {
    code: 'incus-no-profile',
    kind: 'failed',
    finds: /Requested profile .* doesn't exist/i,
    hint: 'incus profile list',
  },
  {
    code: 'incus-protected',
    kind: 'refused',
    finds: /Instance is protected/i,
    hint: 'somebody protects it; when it may go: incus config unset NAME security.protection.delete',
  },
  { code: 'incus-no-cluster', kind: 'failed', finds: /not clustered|isn't clustered|not part of a cluster/i },
  // A restricted certificate in another project: 500 where things are listed, 403 elsewhere.
  {
    code: 'incus-no-right',
    kind: 'failed',
    finds: /does not have permission/,
    hint: 'incus config trust list: the certificate needs the right to this project',
  },
  { code: 'incus-running', kind: 'refused', finds: /already running|Instance is running|used by running/i },
  {
    code: 'incus-stopped',
    kind: 'refused',
    finds: /already stopped|is not running/i,
    hint: 'incus list, and incus start NAME when it should run',
  },
  // Process 1 of the container has ended, or ends: with a kernel's 128 inotify instances a twentieth systemd does, a moment after its start.
  {
    code: 'incus-no-init',
    kind: 'failed',
    finds: /Failed to retrieve PID of executing child/,
    hint: 'incus console NAME --show-log says why it ended; with "Too many open files": docs/guides/incus.md, the host',
  },
  { code: 'incus-no-command', kind: 'failed', finds: /Command not (found|executable)/i },
  { code: 'incus-pool-full', kind: 'failed', finds: /No space left|quota exceeded/i, hint: 'incus storage info POOL' },
  {
    code: 'incus-locked',
    kind: 'failed',
    finds: /Instance is busy running|Failed to create instance operation/i,
    hint: 'incus operation list',
  },
]

const BY_STATUS: { readonly [status: number]: Omit<Meaning, 'finds'> } = {
  401: { code: 'incus-no-right', kind: 'failed', hint: 'incus config trust list: is our certificate among them?' },
  403: {
    code: 'incus-no-right',
    kind: 'failed',
    hint: 'incus config trust show FINGERPRINT: the certificate needs the right to this project',
  },
  404: { code: 'incus-not-found', kind: 'failed' },
  412: { code: 'incus-changed', kind: 'refused', hint: 'somebody changed it meanwhile: the same command again' },
}

/** An error that Incus answered, first reply and operation alike, in our words. `what` is what was asked, as in `start backend-blue`. */
export function incusError(what: string, status: number, text: string): BackflipError {
  const meaning = MEANINGS.find(({ finds }) => finds.test(text)) ?? BY_STATUS[status]
  return new BackflipError(`Incus refuses: ${what}`, {
    code: meaning?.code ?? 'incus-failed',
    kind: meaning?.kind ?? 'failed',
    hint: meaning?.hint,
    cause: new IncusAnswer(status, text),
  })
}

export function isIncusError(error: unknown, ...codes: readonly string[]): error is BackflipError {
  return error instanceof BackflipError && codes.includes(error.code)
}

/** The daemon could not be reached, or the connection broke. `where` is the socket or the address. */
export function connectionError(where: string, cause: unknown): BackflipError {
  if (cause instanceof BackflipError) return cause
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM') {
    return new BackflipError(`Incus at ${where} may not be used by this user`, {
      code: 'incus-no-right',
      kind: 'failed',
      hint: 'join the group incus-admin, or use a client certificate',
      cause,
    })
  }
  const nobody = code === 'ENOENT' || code === 'ECONNREFUSED'
  return new BackflipError(nobody ? `no Incus answers at ${where}` : `the connection to Incus at ${where} broke`, {
    code: nobody ? 'incus-down' : 'incus-lost',
    kind: 'failed',
    hint: 'systemctl status incus; containers keep serving meanwhile',
    cause,
  })
}
