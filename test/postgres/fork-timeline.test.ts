import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cluster } from './cluster.ts'

describe('a copy that becomes live', () => {
  let live: Cluster
  let copy: Cluster
  const keptFile = () => join(copy.host.config.dataFolder, 'backflip-fork.json')
  /** As the file has it: one of them is read by the server only when it starts. */
  const setting = async (name: string) =>
    (await copy.sql(`SELECT setting FROM pg_file_settings WHERE name = '${name}' ORDER BY seqno DESC LIMIT 1`)).trim()
  const histories = () =>
    readdirSync(join(copy.host.config.dataFolder, 'pg_wal')).filter((name) => name.endsWith('.history'))
  const count = async (cluster: Cluster) => Number(await cluster.sql('SELECT count(*) FROM t'))

  beforeEach(async () => {
    live = await Cluster.make()
    await live.sql('CREATE TABLE t (i int); INSERT INTO t VALUES (1);')
    copy = await live.copy()
  })
  afterEach(async () => {
    await copy.close()
    await live.close()
  })

  it('never fetches what the first server wrote after it, and keeps its own settings', async () => {
    const command = `cp ${live.host.config.dataFolder}/pg_wal/%f %p`
    await copy.sql(
      `ALTER SYSTEM SET restore_command = '${command}'; ALTER SYSTEM SET recovery_target_timeline = 'latest';`,
    )
    await live.sql('INSERT INTO t SELECT g FROM generate_series(2, 100) g; SELECT pg_switch_wal();')
    expect(await copy.database.forkTimeline({ above: 1 })).toEqual({ timeline: 2 })
    expect([await count(live), await count(copy)]).toEqual([100, 1])
    expect(await setting('restore_command')).toBe(command)
    expect(await setting('recovery_target_timeline')).toBe('latest')
    expect(existsSync(keptFile())).toBe(false)
  })

  it('does it with the stop that its proof needs anyway; a copy of another moment is left as it is', async () => {
    const early = await live.database.mark('early')
    expect(await copy.database.verify(early, { forkAbove: 1 })).toMatchObject({ isVerified: false })
    expect((await copy.database.facts()).timeline).toBe(1)
    const later = await live.copy()
    try {
      const { isVerified, checks } = await later.database.verify(early, { forkAbove: 1 })
      expect(isVerified, JSON.stringify(checks)).toBe(true)
      expect(checks.map(({ name }) => name)).toContain('checksums')
      expect((await later.database.facts()).timeline).toBe(2)
      // As after a crash: the timeline is there, and the proof is whole again.
      expect((await later.database.verify(early)).checks.map(({ name }) => name)).toContain('checksums')
    } finally {
      await later.close()
    }
  })

  it('numbers that were given out are passed over, and nothing of that stays', async () => {
    expect(await copy.database.forkTimeline({ above: 3 })).toEqual({ timeline: 4 })
    expect(histories()).toEqual(['00000004.history'])
    expect(await copy.sql('SELECT count(*) FROM t')).toBe('1\n')
  })

  it('I5: killed half way and repeated, it opens the timeline once and puts back what was set before', async () => {
    // What a kill leaves after the settings were changed and before the server was stopped, and after it was stopped.
    const kept = { timeline: 1, settings: { restore_command: 'old', recovery_target_timeline: null } }
    writeFileSync(keptFile(), JSON.stringify(kept))
    await copy.sql("ALTER SYSTEM SET restore_command = 'false'; ALTER SYSTEM SET recovery_target_timeline = 'current';")
    await copy.database.stop()
    expect(await copy.database.forkTimeline({ above: 1 })).toEqual({ timeline: 2 })
    expect(await setting('restore_command')).toBe('old')
    expect(existsSync(keptFile())).toBe(false)

    expect(histories()).toEqual(['00000002.history'])

    // And what it leaves after the new timeline was opened.
    writeFileSync(keptFile(), JSON.stringify(kept))
    expect(await copy.database.forkTimeline({ above: 1 })).toEqual({ timeline: 2 })
    expect(await count(copy)).toBe(1)
  })
})
