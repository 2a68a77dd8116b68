import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { onlyCode } from './architecture/blank.ts'
import { withoutHint } from './architecture/hints.ts'
import { importsOf } from './architecture/imports.ts'
import { cycles, wrongArrows } from './architecture/layers.ts'
import { badManners, overBudget } from './architecture/manners.ts'
import { readSources } from './architecture/read-sources.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = readSources(root)
const source = files.filter(({ path }) => path.startsWith('src/') && !path.endsWith('.test.ts'))
const file = (path: string, text: string) => ({ path, text })

describe('the house as it stands', () => {
  it('is really looked at', () => {
    expect(source.length).toBeGreaterThan(100)
    expect(source.flatMap(importsOf).filter((to) => to.startsWith('src/')).length).toBeGreaterThan(300)
  })
  it('has arrows that only go down', () => expect(wrongArrows(files)).toEqual([]))
  it('has no circle of imports', () => expect(cycles(source)).toEqual([]))
  it('keeps the manners', () => expect(badManners(files.filter(({ path }) => !isExample(path)))).toEqual([]))
  it('says the next command in every error that a person must act on', () => expect(withoutHint(source)).toEqual([]))
  it('keeps the budgets of its files', () => expect(overBudget(source)).toEqual([]))
  it('keeps the budget of its functions by a lint rule that nothing turns off for source', () => {
    const rules = JSON.parse(onlyJson(readFileSync(`${root}/.oxlintrc.json`, 'utf8')))
    expect(rules.rules['max-lines-per-function']).toEqual(['error', { max: 70 }])
    expect(rules.rules['typescript/no-floating-promises']).toBe('error')
    for (const { files: globs } of rules.overrides) {
      for (const glob of globs) expect(glob).toMatch(/^(\*\*\/\*\.test\.ts|test\/.*)$/)
    }
  })
})

/** This file and its rules hold the bad examples that they look for. */
function isExample(path: string): boolean {
  return path === 'test/architecture.test.ts' || path === 'test/architecture/manners.ts'
}

function onlyJson(text: string): string {
  return text.replace(/^\s*\/\/.*$/gm, '')
}

describe('a wrong arrow is found', () => {
  it.each([
    ['domain → lib', 'src/domain/a.ts', `import { b } from '../lib/b.ts'`],
    ['domain → Node', 'src/domain/a.ts', `import { join } from 'node:path'`],
    ['ports → engine, types only', 'src/ports/a.ts', `import type { B } from '../engine/b.ts'`],
    ['engine → steps', 'src/engine/a.ts', `import '../steps/b.ts'`],
    ['engine → a driver, at run time only', 'src/engine/a.ts', `const b = await import('../drivers/x/b.ts')`],
    ['steps → operations, in a type', 'src/steps/a.ts', `type B = import('../operations/b.ts').B`],
    ['operations → a store', 'src/operations/a.ts', `export { b } from '../store/sqlite/b.ts'`],
    ['operations → cli', 'src/operations/a.ts', `import { b } from "../cli/b.ts"`],
    ['cli → a driver', 'src/cli/commands/a.ts', `import { b } from '../../drivers/haproxy/b.ts'`],
    ['a driver → config beyond its types', 'src/drivers/x/a.ts', `import { b } from '../../config/load.ts'`],
    ['lib → domain beyond its errors', 'src/lib/a.ts', `import { b } from '../domain/color.ts'`],
    ['migrations → ports', 'src/migrations/a.ts', `import { b } from '../ports/edge.ts'`],
    ['a package outside its place', 'src/operations/a.ts', `import { z } from 'zod'`],
    ['over several lines', 'src/ports/a.ts', `import {\n  b,\n  c,\n} from '../engine/b.ts'`],
    ['out of src', 'src/lib/a.ts', `import { b } from '../../test/fakes/b.ts'`],
  ])('%s', (_name, path, text) => {
    expect(wrongArrows([file(path, text)])).toHaveLength(1)
  })

  it('and a right one is not', () => {
    expect(
      wrongArrows([
        file(
          'src/drivers/x/a.ts',
          `import type { C } from '../../config/types.ts'\nimport { e } from '../../ports/edge.ts'`,
        ),
        file('src/compose.ts', `import { b } from './drivers/haproxy/edge.ts'`),
        file('src/ports/b.ts', `// import { x } from '../engine/x.ts'\nconst text = "no import here"`),
      ]),
    ).toEqual([])
  })

  it('a circle of three, of which one is loaded late', () => {
    const three = [
      file('src/lib/a.ts', `import { b } from './b.ts'`),
      file('src/lib/b.ts', `import { C } from './c.ts'`),
      file('src/lib/c.ts', `export const a = () => import('./a.ts')`),
    ]
    expect(cycles(three)).toEqual(['src/lib/a.ts → src/lib/b.ts → src/lib/c.ts → src/lib/a.ts'])
    expect(cycles(three.slice(0, 2))).toEqual([])
    expect(cycles([...three.slice(0, 2), file('src/lib/c.ts', `import type {\n  A,\n} from './a.ts'`)])).toEqual([])
  })
})

describe('bad manners are found', () => {
  it.each([
    ['an empty catch', 'src/lib/a.ts', 'try { a() } catch {}'],
    ['a catch with nothing but a comment', 'src/lib/a.ts', 'try { a() } catch (error) {\n  // never mind\n}'],
    ['a shell', 'src/lib/a.ts', `spawn('ls', { shell: true })`],
    ['exec', 'src/lib/a.ts', 'import { exec } from "node:child_process"\nexec(`ls`)'],
    ['a clock in the domain', 'src/domain/a.ts', 'export const now = () => Date.now()'],
    ['chance in the domain', 'src/domain/a.ts', 'export const roll = () => Math.random()'],
    ['the process in the domain', 'src/domain/a.ts', 'export const who = () => process.env'],
    ['a path of one machine', 'src/lib/a.ts', `const home = '/${'home'}/me/file'`],
    ['something unfinished', 'src/lib/a.ts', `// ${'TO'}${'DO'}: later`],
    ['a test alone', 'src/lib/a.test.ts', `it.${'only'}('x', () => undefined)`],
  ])('%s', (_name, path, text) => {
    expect(badManners([file(path, text)])).toHaveLength(1)
  })

  it('and good ones are not', () => {
    const good = `/pattern'/.exec(text)\nconst kind = { driver: 'process' }\n// a Date would be a clock\ntry { a() } catch (error) { report(error) }`
    expect(badManners([file('src/domain/a.ts', good)])).toEqual([])
  })

  it('an error that leaves people without a next command', () => {
    const raised = (facts: string) =>
      withoutHint([file('src/lib/a.ts', `throw new BackflipError('x (y)', { ${facts} })`)])
    expect(raised(`code: 'a-b', kind: 'person'`)).toEqual(['src/lib/a.ts:1: a-b'])
    expect(withoutHint([file('src/lib/a.ts', `throw refusal('x', { code: 'a-b' })`)])).toHaveLength(1)
    expect(raised(`code: 'a-b', kind: 'person', hint: 'backflip status'`)).toEqual([])
    expect(raised(`code: 'a-b', kind: 'failed'`), 'of a failed operation its end says it').toEqual([])
  })

  it('a file that is too long, and a house of long files', () => {
    expect(overBudget([file('src/a.ts', 'x\n'.repeat(451)), file('src/b.ts', 'x\n')])).toHaveLength(2)
    expect(overBudget([file('src/a.ts', 'x\n'.repeat(450)), file('src/b.ts', 'x\n'), file('src/c.ts', 'x\n')])).toEqual(
      [],
    )
  })

  it('code is told from what it quotes', () => {
    expect(onlyCode(`a /* b */ 'c'; /e'/.x / f // g`).replace(/\s+/g, ' ').trim()).toBe('a ; .x / f')
  })
})
