import type { ReportedFinding } from '../migrations/lint/report.ts'
import type { Axis, Rule, Severity } from '../migrations/rules/define-rule.ts'
import { RULES } from '../migrations/rules/index.ts'
import { runExample } from '../migrations/rules/run-example.ts'
import type { SqlParser } from '../migrations/sql/parser.ts'

const AXES: Readonly<Record<Axis, string>> = {
  N: 'the previous release breaks',
  L: 'it blocks',
  I: 'it cannot be undone',
}
const GROUPS = { core: 'Always on', timeout: 'Timeouts, on', style: 'Style, off until `--rules style`' } as const
const MADE = 'Made from the code (`npm run generate`).'

/** One page a rule, the list of them, and the table of the discipline: path below docs/reference → text. */
export function renderRulePages(parser: SqlParser): Readonly<Record<string, string>> {
  const pages = RULES.map((rule) => [`rules/${rule.id}.md`, page(rule, ownFindings(parser, rule))] as const)
  return { ...Object.fromEntries(pages), 'rules/README.md': list(), 'migrations-allowed.md': discipline(parser) }
}

function ownFindings(parser: SqlParser, rule: Rule): readonly ReportedFinding[] {
  return rule.scope === 'files' ? [] : runExample(parser, rule, 'bad').filter((one) => one.rule === rule.id)
}

function page(rule: Rule, findings: readonly ReportedFinding[]): string {
  const { id, axes, group, summary, why, fails, safeWay, examples, scope } = rule
  const code = (sql: string) => (scope === 'files' ? `${sql}.` : `\`\`\`sql\n${statements(sql)}\n\`\`\``)
  const says = findings.map(({ axis, severity, message, sqlstate, lock, rewrite }) => {
    const facts = [sqlstate, lock, rewrite === true ? 'rewrite' : undefined].filter((one) => one !== undefined)
    return `- ${severity}, ${axis} (${AXES[axis]}): ${message}${facts.length === 0 ? '' : ` — ${facts.join(', ')}`}`
  })
  return `${[
    `# ${id}`,
    '',
    `${MADE} Axes ${axes.join(', ')}; ${GROUPS[group].toLowerCase()}.`,
    '',
    `**${summary}**`,
    '',
    why,
    ...(fails === undefined ? [] : ['', `What fails, fails with ${fails.map((one) => `\`${one}\``).join(', ')}.`]),
    '',
    `**The safe way.** ${safeWay}`,
    ...(examples.given === undefined ? [] : ['', 'Given', '', code(examples.given)]),
    '',
    'it fires on',
    '',
    code(examples.bad),
    ...(says.length === 0 ? [] : ['', ...says]),
    '',
    'and not on',
    '',
    code(examples.good),
  ].join('\n')}\n`
}

/** One statement a line; a semicolon inside a string or a body stays where it is. */
function statements(sql: string): string {
  return `${sql.includes('$$') || sql.includes("'begin") ? sql : sql.replaceAll('; ', ';\n')};`
}

function list(): string {
  const groups = (['core', 'timeout', 'style'] as const).map((group) => {
    const rows = RULES.filter((one) => one.group === group).map(
      ({ id, axes, summary }) => `| [${id}](${id}.md) | ${axes.join(' ')} | ${summary} |`,
    )
    return [`## ${GROUPS[group]}`, '', '| rule | axes | what it sees |', '| --- | --- | --- |', ...rows].join('\n')
  })
  return `# Rules of \`backflip migrations lint\`

${MADE} ${RULES.length} rules. **N**: ${AXES.N}. **L**: ${AXES.L}. **I**: ${AXES.I}.
\`backflip migrations lint --explain RULE\` prints a page.

${groups.join('\n\n')}
`
}

function discipline(parser: SqlParser): string {
  const judged = RULES.filter(({ group, scope }) => group === 'core' && scope === undefined).map((rule) => ({
    rule,
    findings: ownFindings(parser, rule),
  }))
  const worst = (findings: readonly ReportedFinding[], axis: Axis): Severity | undefined =>
    (['block', 'warn', 'note'] as const).find((severity) =>
      findings.some((one) => one.axis === axis && one.severity === severity),
    )
  const row = ({ rule }: (typeof judged)[number]) =>
    `| [${rule.id}](rules/${rule.id}.md) | ${cell(rule.summary)} | ${(rule.fails ?? []).join(', ')} | ${cell(rule.safeWay)} |`
  const section = (title: string, rows: readonly string[], head: string) =>
    [`## ${title}`, '', head, head.replaceAll(/[^|]+/g, ' --- '), ...rows].join('\n')
  const head = '| rule | why | what fails | instead |'
  const breaks = judged.filter(({ findings }) => worst(findings, 'N') === 'block')
  const weigh = judged.filter(({ findings }) => worst(findings, 'N') === 'warn')
  const blocks = judged.filter(({ findings }) => worst(findings, 'N') !== 'block' && worst(findings, 'L') === 'block')
  return `# What one deploy may change

${MADE} A deploy may hold only what the previous release survives, because a rollback brings the code back and not the schema.

${section(
  'Allowed',
  ALLOWED.map(([what, why]) => `| ${what} | ${why} |`),
  '| what | why it is safe |',
)}

${section('Not allowed in one deploy: the previous release breaks', breaks.map(row), head)}

${section('For a person to weigh', weigh.map(row), head)}

${section('Not allowed under traffic: it blocks', blocks.map(row), head)}
`
}

/** Each is run through the rules by a test: none of them may block. */
export const ALLOWED: readonly (readonly [what: string, why: string, sql: string])[] = [
  ['a new table', 'no old statement names it', 'CREATE TABLE notes (id bigint PRIMARY KEY, body text)'],
  ['a nullable column', 'old inserts leave it NULL', 'ALTER TABLE users ADD COLUMN nick text'],
  [
    'a column with a constant default, or now()',
    'old inserts get the default, and no row is written',
    "ALTER TABLE users ADD COLUMN plan text NOT NULL DEFAULT 'free', ADD COLUMN seen_at timestamptz DEFAULT now()",
  ],
  [
    'a foreign key on a new nullable column',
    'old inserts leave it NULL',
    'ALTER TABLE users ADD COLUMN team_id bigint REFERENCES teams (id)',
  ],
  [
    'a plain index, built CONCURRENTLY',
    'nobody waits, nothing is refused',
    'CREATE INDEX CONCURRENTLY users_team ON users (email)',
  ],
  [
    'a unique index on a new nullable column',
    'NULLs are never equal',
    'ALTER TABLE users ADD COLUMN handle text; CREATE UNIQUE INDEX CONCURRENTLY users_handle ON users (handle)',
  ],
  ['a value at the end of an enum', 'nobody writes it yet', "ALTER TYPE mood ADD VALUE 'glad'"],
  ['longer text', 'varchar(n) to more, or to text', 'ALTER TABLE users ALTER COLUMN name TYPE text'],
  [
    'NULL where it was not allowed',
    'old writes still pass; old readers must cope',
    'ALTER TABLE users ALTER COLUMN email DROP NOT NULL',
  ],
  [
    'a new view or function, and more overloads',
    'no old statement names it',
    'CREATE VIEW emails AS SELECT email FROM users',
  ],
  [
    'a rename with a view under the old name',
    'old reads and writes go through the view',
    'ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people',
  ],
  [
    'VALIDATE CONSTRAINT',
    'it checks what holds already, and nobody waits',
    'ALTER TABLE users VALIDATE CONSTRAINT name_short',
  ],
]

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
