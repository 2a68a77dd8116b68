import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { detectLayout } from '../../src/migrations/layout/detect-layout.ts'
import { LAYOUTS } from '../../src/migrations/layout/layouts.ts'
import { orderMigrations } from '../../src/migrations/layout/order.ts'
import { readMigration } from '../../src/migrations/layout/read-migration.ts'
import { lintFiles } from '../../src/migrations/lint/lint.ts'
import type { ReportedFile } from '../../src/migrations/lint/report.ts'
import { RULES } from '../../src/migrations/rules/index.ts'
import { ruleTable } from '../../src/migrations/rules/judge.ts'
import { loadParser } from '../../src/migrations/sql/parser.ts'

/**
 * How often the verdict about a file is what PostgreSQL really did: `node bench/lint/accuracy.ts FOLDER`. The folder holds one folder a project and
 * `groundtruth*.jsonl`, a line a file: `{id: "project/path", n1_breaking, n1_doubtful?, rewrites}`.
 */
interface Truth {
  readonly id: string
  readonly n1_breaking: boolean
  readonly n1_doubtful?: readonly string[]
  readonly rewrites: readonly string[]
}

const [folder = '.'] = process.argv.slice(2)
const [truthFile] = globSync('groundtruth*.jsonl', { cwd: folder })
if (truthFile === undefined) throw new Error(`there is no groundtruth*.jsonl in ${folder}`)
const truths = new Map(
  readFileSync(join(folder, truthFile), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Truth)
    .map((truth) => [truth.id, truth] as const),
)
const parser = await loadParser()
const rules = ruleTable(RULES.filter(({ group }) => group === 'core'))

function judge(project: string): readonly ReportedFile[] {
  const root = join(folder, project)
  const paths = globSync('**/*.*', { cwd: root })
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const layout = LAYOUTS[detectLayout(paths, (path) => read(path).slice(0, 4_096)).name]
  const files = orderMigrations(layout, paths).map((path) => {
    const text = read(path)
    return {
      path: `${project}/${path}`,
      name: layout.nameOf(path),
      text,
      ...readMigration(layout, text, null),
      isPending: true,
    }
  })
  const settings = {
    server: { major: 18, timeZone: 'UTC' },
    rules,
    deploys: 'each',
    world: 'closed',
    today: '2026-01-01',
  } as const
  return lintFiles(parser, files, settings).files
}

const judged = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => judge(name))

function score(name: string, said: (file: ReportedFile) => boolean, is: (truth: Truth) => boolean | null): void {
  const count = { hit: 0, wrong: 0, missed: 0 }
  for (const file of judged) {
    const truth = truths.get(file.path)
    const real = truth === undefined ? null : is(truth)
    if (real === null) continue
    const kind = said(file) ? (real ? 'hit' : 'wrong') : real ? 'missed' : null
    if (kind === null) continue
    count[kind] += 1
    if (kind !== 'hit') console.log(`${name} ${kind}: ${file.path}`)
  }
  const { hit, wrong, missed } = count
  console.log(
    `${name}: recall ${(hit / (hit + missed)).toFixed(4)}, precision ${(hit / (hit + wrong)).toFixed(4)} (${hit} hit, ${wrong} wrong, ${missed} missed)`,
  )
}

score(
  'breaks the previous release',
  ({ findings }) => findings.some(({ axis, severity }) => axis === 'N' && severity === 'block'),
  ({ n1_breaking: isBreaking, n1_doubtful: doubts }) => (doubts === undefined ? isBreaking : null),
)
score(
  'rewrites',
  ({ findings }) => findings.some(({ rewrite }) => rewrite === true),
  ({ rewrites }) => rewrites.length > 0,
)
