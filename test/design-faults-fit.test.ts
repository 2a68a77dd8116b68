import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { DESIGN_FAULTS } from './crash/design-faults/faults.ts'

const ROOT = new URL('../', import.meta.url)

/** The suite that runs them takes minutes; whoever moves the code that they break learns it here. */
it.each(DESIGN_FAULTS)('a design fault breaks what is there: $name', ({ patches }) => {
  for (const { file, find, everywhere } of patches) {
    const places = readFileSync(new URL(file, ROOT), 'utf8').split(find).length - 1
    expect(places, `${file} reads: ${find}`).toBeGreaterThan(0)
    if (everywhere !== true) expect(places, `${file} reads: ${find}`).toBe(1)
  }
})
