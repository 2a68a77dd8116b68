import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../../.cache/incus', import.meta.url))

/**
 * The image `name` of this recipe, built when it is not there. The recipe is everything that the result depends on; another one is another file,
 * and the older files of the same name are removed. `build` gets an empty folder to work in and the file to write.
 */
export async function cachedImage(
  name: string,
  recipe: unknown,
  build: (work: string, file: string) => Promise<void>,
): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16)
  const file = join(FOLDER, `${name}-${key}.tar`)
  if (existsSync(file)) return file
  mkdirSync(FOLDER, { recursive: true })
  const work = mkdtempSync(join(FOLDER, `${name}-work-`))
  const made = join(FOLDER, `${name}-${key}-${randomBytes(4).toString('hex')}.part`)
  try {
    await build(work, made)
    for (const old of readdirSync(FOLDER).filter((one) => one.startsWith(`${name}-`) && one.endsWith('.tar')))
      rmSync(join(FOLDER, old), { force: true })
    renameSync(made, file)
    return file
  } finally {
    rmSync(work, { recursive: true, force: true })
    rmSync(made, { force: true })
  }
}
