import { describe, expect, it } from 'vitest'
import { parseLsn } from '../../domain/data/lsn.ts'
import { chooseBackup, parseHistory, type Stanza, type StanzaBackup } from './choose-backup.ts'

const SYSTEM = '7712103707922361002'
const KEY = { id: 1, 'repo-key': 1 }

/** Ended in the log file of that timeline, at that place; the later ones after the earlier ones. */
function backup(label: string, timeline: number, stop: string, change: Partial<StanzaBackup> = {}): StanzaBackup {
  const file = `${timeline.toString(16).toUpperCase().padStart(8, '0')}0000000000000002`
  const at = Number.parseInt(stop.slice(2), 16)
  return {
    label,
    type: 'full',
    error: false,
    database: KEY,
    archive: { start: file, stop: file },
    lsn: { start: '0/28', stop },
    info: { size: 1_000 },
    timestamp: { stop: at },
    ...change,
  }
}

const stanza = (...backups: readonly StanzaBackup[]): Stanza => ({
  name: 'shop',
  status: { code: 0, message: 'ok' },
  db: [{ ...KEY, 'system-id': Number(SYSTEM) }],
  backup: backups,
  archive: [{ id: '15-1', database: KEY }],
})

const pointAt = (lsn: string, timeline = 1) => ({ name: 'pre-deploy', lsn: parseLsn(lsn), timeline, systemId: SYSTEM })
const choose = (stanzas: readonly Stanza[], at: ReturnType<typeof pointAt>, history = '') =>
  chooseBackup(stanzas, 'shop', at, parseHistory(history))

describe('the backup for a restore point', () => {
  it('is the newest that ended before it, with the log between the two', () => {
    const all = stanza(backup('a', 1, '0/100'), backup('b', 1, '0/200'), backup('c', 1, '0/300'))
    expect(choose([all], pointAt('0/250'))).toMatchObject({ backup: { label: 'b' }, logBytes: 0x50, archiveId: '15-1' })
    expect(choose([all], pointAt('0/300'))).toMatchObject({ backup: { label: 'c' }, logBytes: 0 })
  })

  it('may be of an older timeline when it ended before the two parted, and is not after that', () => {
    const all = stanza(backup('before', 1, '0/100'), backup('after', 1, '0/300'))
    const history = '# a comment\n1\t0/200\tat restore point "pre-deploy"\n'
    expect(choose([all], pointAt('0/400', 2), history).backup.label).toBe('before')
    // Without the history nobody knows.
    expect(() => choose([all], pointAt('0/400', 2))).toThrow(expect.objectContaining({ code: 'recovery-no-backup' }))
    // One that was left again is no way to a point of the first.
    const other = stanza(backup('other', 2, '0/100'))
    expect(() => choose([other], pointAt('0/400', 1))).toThrow(expect.objectContaining({ code: 'recovery-no-backup' }))
  })

  it.each([
    ['that found wrong pages', { error: true }],
    ['of another server in the same stanza', { database: { id: 2, 'repo-key': 1 } }],
    ['that does not say where it ended', { archive: { start: null, stop: null } }],
  ])('is never one %s', (_which, change) => {
    const all = stanza(backup('a', 1, '0/100'), backup('b', 1, '0/200', change))
    expect(choose([all], pointAt('0/250')).backup.label).toBe('a')
  })

  it('that is not there is said with those that are', () => {
    const late = stanza(backup('late', 1, '0/300'))
    expect(() => choose([late], pointAt('0/200'))).toThrow(
      expect.objectContaining({
        code: 'recovery-no-backup',
        details: expect.arrayContaining([expect.stringContaining('late ended')]) as unknown,
      }),
    )
  })

  it.each([
    ['no stanza', []],
    ['another stanza', [{ ...stanza(backup('a', 1, '0/100')), name: 'other' }]],
    ['a stanza without backups', [{ ...stanza(), status: { code: 2, message: 'no valid backups' } }]],
  ])('cannot be in %s', (_what, stanzas) => {
    expect(() => choose(stanzas, pointAt('0/200'))).toThrow(expect.objectContaining({ code: 'recovery-no-stanza' }))
  })
})
