import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packArchive } from './pack.ts'
import { scanArchive, sendTar } from './send-tar.ts'
import { END_OF_ARCHIVE, formatEntry } from './tar-format.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bf-send-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function sent(archive: string): Promise<Buffer> {
  const parts: Buffer[] = []
  await sendTar(archive, 'opt/app', async (bytes) => {
    parts.push(bytes)
  })
  return Buffer.concat(parts)
}

describe('what is sent to a stranger’s tar', () => {
  it('is the archive below the prefix: long names, modes, empty and large files', async () => {
    const [source, archive, target] = ['source', 'a.tar.zst', 'target'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    const long = join('d'.repeat(90), 'e'.repeat(90))
    mkdirSync(join(source, long), { recursive: true })
    writeFileSync(join(source, long, 'f'), 'long')
    writeFileSync(join(source, 'empty'), '')
    writeFileSync(join(source, 'large'), Buffer.alloc(700_000, 'x'))
    writeFileSync(join(source, 'run'), '#!/bin/sh\n')
    chmodSync(join(source, 'run'), 0o755)
    await packArchive(source, archive)
    mkdirSync(target)
    const { status, stderr } = spawnSync('tar', ['-x', '-f', '-', '-C', target], { input: await sent(archive) })
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' })
    const root = join(target, 'opt/app')
    expect(readFileSync(join(root, long, 'f'), 'utf8')).toBe('long')
    expect(['empty', 'large', 'run'].map((name) => statSync(join(root, name)).size)).toEqual([0, 700_000, 10])
    expect(statSync(join(root, 'run')).mode & 0o777).toBe(0o755)
    expect(readdirSync(target)).toEqual(['opt'])
  })

  it('carries no header of the archive’s own: owners, dates and special bits are gone', async () => {
    const entry = formatEntry({ name: 'file', type: 'file', executable: true, sizeBytes: 0 })
    entry.write('0006755\0', 100)
    entry.write('0001750\0', 108)
    entry.write('        ', 148)
    entry.write(
      `${entry
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    )
    const archive = join(folder, 'odd.tar.zst')
    writeFileSync(archive, zstdCompressSync(Buffer.concat([entry, END_OF_ARCHIVE])))
    const clean = formatEntry({ name: 'opt/app/file', type: 'file', executable: true, sizeBytes: 0 })
    expect((await sent(archive)).subarray(512, 1024).equals(clean)).toBe(true)
  })

  it('stops at what is refused, and a scan finds it before anything is sent', async () => {
    const archive = join(folder, 'bad.tar.zst')
    const entry = formatEntry({ name: '../out', type: 'file', executable: false, sizeBytes: 0 })
    writeFileSync(archive, zstdCompressSync(Buffer.concat([entry, END_OF_ARCHIVE])))
    await expect(sent(archive)).rejects.toMatchObject({ code: 'bad-archive' })
    await expect(scanArchive(archive)).rejects.toMatchObject({ code: 'bad-archive' })
  })
})
