import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { compose } from './compose.ts'
import { chooseEnvironment } from './config/load.ts'
import { parseConfig } from './config/parse.ts'
import { TEMPLATE } from './config/template.ts'

it('a state folder that is named somewhere in a checkout is left out by git too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'backflip-compose-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const config = parseConfig(TEMPLATE, join(folder, 'backflip.yaml'))
  const settings = { ...(await chooseEnvironment(config, null)), stateFolder: join(folder, 'state') }
  const { journal } = await compose(config, settings)
  await journal.close()
  expect(readFileSync(join(folder, 'state', '.gitignore'), 'utf8')).toBe('*\n')
})
