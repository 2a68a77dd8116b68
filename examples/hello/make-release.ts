import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * - `good`             works
 * - `never-healthy`    starts, and its health check answers 503 for ever
 * - `bad-behind-edge`  healthy, asked directly or by the health check; fails for every API request with the header that an edge adds
 */
export type Variant = 'good' | 'never-healthy' | 'bad-behind-edge'

export const COMPONENTS = ['backend', 'stream', 'web'] as const
export type Component = (typeof COMPONENTS)[number]

const here = fileURLToPath(new URL('.', import.meta.url))

/**
 * Builds one release of the example below `to`: a folder per component, each with everything it needs. `name` stands in a file of it, so that
 * two good releases differ as real ones do. Returns the folders, for `backflip publish`.
 */
export async function makeRelease(ask: {
  readonly to: string
  readonly variant: Variant
  readonly name: string
}): Promise<{ readonly [component in Component]: string }> {
  const folders = COMPONENTS.map((component) => [component, join(ask.to, component)] as const)
  await Promise.all(folders.map(([component, folder]) => build(component, folder, ask)))
  return Object.fromEntries(folders) as { [component in Component]: string }
}

async function build(
  component: Component,
  folder: string,
  { variant, name }: { readonly variant: Variant; readonly name: string },
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await cp(join(here, 'app', 'shared'), join(folder, 'shared'), { recursive: true })
  await cp(join(here, 'app', component), join(folder, component), { recursive: true })
  if (variant !== 'good' && component === 'backend')
    await cp(join(here, 'variants', variant, component), join(folder, component), { recursive: true, force: true })
  // Without it a Node of another folder's opinion could take our modules for CommonJS.
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ name: `hello-${component}`, type: 'module' })}\n`)
  await writeFile(join(folder, 'RELEASE'), `${name}\n`)
}
