import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BackflipError } from '../../domain/errors.ts'
import { packArchive } from './pack.ts'
import { BLOCK_BYTES, END_OF_ARCHIVE, formatEntry, paddingOf } from './tar-format.ts'
import { unpackArchive } from './unpack.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bf-archive-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function tree(name: string): string {
  const root = join(folder, name)
  mkdirSync(join(root, 'lib', 'deep'), { recursive: true })
  writeFileSync(join(root, 'server.js'), 'console.log(1)\n')
  writeFileSync(join(root, 'lib', 'ä.txt'), 'x'.repeat(5000))
  writeFileSync(join(root, 'lib', 'deep', `${'long'.repeat(40)}.txt`), '')
  writeFileSync(join(root, 'run'), '#!/bin/sh\n')
  chmodSync(join(root, 'run'), 0o755)
  return root
}

/** A tar of one entry with a header of our choosing, compressed. */
function crafted(change: (block: Buffer) => void, name = 'file', body = Buffer.from('body')): string {
  const header = formatEntry({ name, type: 'file', executable: false, sizeBytes: body.length })
  change(header)
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const path = join(folder, 'crafted.tar.zst')
  writeFileSync(
    path,
    zstdCompressSync(Buffer.concat([header, body, Buffer.alloc(paddingOf(body.length)), END_OF_ARCHIVE])),
  )
  return path
}

const unpack = (archive: string, limits?: Parameters<typeof unpackArchive>[2]) =>
  unpackArchive(archive, join(folder, 'out'), limits)

describe('packArchive', () => {
  it('the same input gives the same bytes, whenever and in whatever order it was written', async () => {
    const one = tree('one')
    const first = await packArchive(one, join(folder, '1.tar.zst'))
    const two = join(folder, 'two')
    mkdirSync(join(two, 'lib', 'deep'), { recursive: true })
    for (const name of ['run', 'server.js', 'lib/ä.txt', `lib/deep/${'long'.repeat(40)}.txt`])
      writeFileSync(join(two, name), readFileSync(join(one, name)))
    chmodSync(join(two, 'run'), 0o711)
    utimesSync(join(two, 'run'), 1, 1)
    const second = await packArchive(two, join(folder, '2.tar.zst'))
    expect(second).toEqual(first)
    expect(readFileSync(join(folder, '1.tar.zst')).equals(readFileSync(join(folder, '2.tar.zst')))).toBe(true)
  })

  it('the same input gives the same bytes, also while the process has other things to do', async () => {
    const one = join(folder, 'one')
    mkdirSync(one)
    writeFileSync(join(one, 'server.js'), '')
    let isBusy = true
    let turns = 0
    const work = () => {
      // Of different lengths, so that the compressor's answers come at different moments.
      for (let at = 0; at < (turns % 7) * 40; at += 1) createHash('sha256').update(`${at}`).digest()
      turns += 1
      if (isBusy) setImmediate(work)
    }
    work()
    const digests = new Set<string>()
    for (let at = 0; at < 100; at += 1) digests.add((await packArchive(one, join(folder, `${at}.tar.zst`))).sha256)
    isBusy = false
    expect(turns).toBeGreaterThan(100)
    expect([...digests]).toHaveLength(1)
  })

  it('says size and digests of the file and of the tar within', async () => {
    const path = join(folder, 'a.tar.zst')
    const { sizeBytes, sha256, tarSha256 } = await packArchive(tree('one'), path)
    const bytes = readFileSync(path)
    expect(sizeBytes).toBe(bytes.length)
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(tarSha256).toBe(createHash('sha256').update(zstdDecompressSync(bytes)).digest('hex'))
  })

  it('refuses a link: a release is files', async () => {
    const root = tree('one')
    symlinkSync('/etc/passwd', join(root, 'link'))
    await expect(packArchive(root, join(folder, 'a.tar.zst'))).rejects.toMatchObject({ code: 'bad-source' })
  })
})

describe('unpackArchive', () => {
  it('gives back what was packed, with the mode of what runs', async () => {
    const root = tree('one')
    await packArchive(root, join(folder, 'a.tar.zst'))
    await unpack(join(folder, 'a.tar.zst'))
    expect(readFileSync(join(folder, 'out', 'lib', 'ä.txt'), 'utf8')).toBe('x'.repeat(5000))
    expect(existsSync(join(folder, 'out', 'lib', 'deep', `${'long'.repeat(40)}.txt`))).toBe(true)
    expect(statSync(join(folder, 'out', 'run')).mode & 0o777).toBe(0o755)
    expect(statSync(join(folder, 'out', 'server.js')).mode & 0o777).toBe(0o644)
  })

  const names = ['../evil', '/evil', 'a/../../evil', 'a//b', 'a\\b', './../x', 'a/./b', '..', 'line\nbreak']
  it.each(names)('refuses the name %j, and leaves nothing', async (name) => {
    const archive = crafted((block) => {
      block.fill(0, 0, 100)
      block.write(name, 0)
    })
    await expect(unpack(archive)).rejects.toMatchObject({ code: 'bad-archive', kind: 'failed' })
    expect(readdirSync(folder)).toEqual(['crafted.tar.zst'])
  })

  it.each(['1', '2', '3', '4', '6', 'L', 'g'])(
    'refuses an entry of type %s: link, device, pipe or what we do not know',
    async (type) => {
      const archive = crafted((block) => block.write(type, 156))
      await expect(unpack(archive)).rejects.toMatchObject({ code: 'bad-archive' })
      expect(existsSync(join(folder, 'out'))).toBe(false)
    },
  )

  it('drops set-id bits', async () => {
    await unpack(crafted((block) => block.write('0006755\0', 100)))
    expect(statSync(join(folder, 'out', 'file')).mode & 0o7777).toBe(0o755)
  })

  it('refuses a name twice, also in another case', async () => {
    const one = formatEntry({ name: 'README', type: 'file', executable: false, sizeBytes: 0 })
    const two = formatEntry({ name: 'readme', type: 'file', executable: false, sizeBytes: 0 })
    const path = join(folder, 'twice.tar.zst')
    writeFileSync(path, zstdCompressSync(Buffer.concat([one, two, END_OF_ARCHIVE])))
    await expect(unpack(path)).rejects.toThrow(/twice/)
  })

  it('refuses bytes after the end, a truncated archive, and what is none', async () => {
    const body = Buffer.concat([
      formatEntry({ name: 'a', type: 'file', executable: false, sizeBytes: 3 }),
      Buffer.from('abc'),
      Buffer.alloc(paddingOf(3)),
      END_OF_ARCHIVE,
    ])
    const path = join(folder, 'x.tar.zst')
    for (const bytes of [
      Buffer.concat([zstdCompressSync(Buffer.concat([body, Buffer.from('more')]))]),
      zstdCompressSync(body).subarray(0, 30),
      zstdCompressSync(body.subarray(0, BLOCK_BYTES + 1)),
      Buffer.from('no zstd at all'),
    ]) {
      writeFileSync(path, bytes)
      await expect(unpack(path)).rejects.toMatchObject({ code: 'bad-archive' })
    }
  })

  it('stops 2 GB in 60 KB at its limit, without the memory for it', async () => {
    // A header that says 2 GiB, and zeros: zstd packs them to almost nothing.
    const sizeBytes = 2 * 1024 ** 3
    const zeros = Buffer.alloc(64 * 1024 * 1024)
    const path = join(folder, 'bomb.tar.zst')
    writeFileSync(
      path,
      zstdCompressSync(
        Buffer.concat([formatEntry({ name: 'bomb', type: 'file', executable: false, sizeBytes }), zeros]),
      ),
    )
    expect(statSync(path).size).toBeLessThan(60_000)
    await expect(unpack(path)).rejects.toThrow(/more than 1073741824 bytes/)
    await expect(unpack(path, { totalBytes: 3 * 1024 ** 3, entries: 10 })).rejects.toMatchObject({
      code: 'bad-archive',
    })
    expect(readdirSync(folder)).toEqual(['bomb.tar.zst'])
  })

  it('refuses too many entries', async () => {
    await packArchive(tree('one'), join(folder, 'a.tar.zst'))
    await expect(unpack(join(folder, 'a.tar.zst'), { totalBytes: 1e9, entries: 2 })).rejects.toThrow(
      /more than 2 entries/,
    )
  })

  it('whatever bytes are flipped: one error of ours or a clean result, and never a file outside', async () => {
    const packed = join(folder, 'a.tar.zst')
    await packArchive(tree('one'), packed)
    const tar = zstdDecompressSync(readFileSync(packed))
    const outside = readdirSync(folder).toSorted()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(tar.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
        async (flips) => {
          const bytes = Buffer.from(tar)
          for (const [at, value] of flips) bytes[at] = value
          writeFileSync(packed, zstdCompressSync(bytes))
          const result = await unpack(packed).catch((error: unknown) => error)
          expect(result === undefined || (result instanceof BackflipError && result.code === 'bad-archive')).toBe(true)
          rmSync(join(folder, 'out'), { recursive: true, force: true })
          expect(readdirSync(folder).toSorted()).toEqual(outside)
        },
      ),
      { numRuns: 150 },
    )
  })
})
