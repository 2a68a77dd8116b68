import type { LintReport } from '../../../migrations/lint/report.ts'
import { RULES_BY_ID } from '../../../migrations/rules/index.ts'

const LEVELS = { block: 'error', warn: 'warning', note: 'note' } as const

/** SARIF 2.1.0, as code scanning takes it. */
export function renderSarif({ files }: LintReport): object {
  const ids = [...new Set(files.flatMap(({ findings }) => findings.map(({ rule }) => rule)))].toSorted()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'backflip', rules: ids.map(describe) } },
        columnKind: 'utf16CodeUnits',
        results: files.flatMap(({ path, findings }) =>
          findings.map(({ rule, axis, severity, line, column, message, safe, sqlstate, lock, rewrite }) => ({
            ruleId: rule,
            ruleIndex: ids.indexOf(rule),
            level: LEVELS[severity],
            message: { text: `${message}. ${safe}` },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: encodeURI(path) },
                  region: { startLine: line, startColumn: column },
                },
              },
            ],
            properties: {
              axis,
              ...(sqlstate === undefined ? {} : { sqlstate }),
              ...(lock === undefined ? {} : { lock, rewrite }),
            },
          })),
        ),
      },
    ],
  }
}

function describe(id: string): object {
  const rule = RULES_BY_ID.get(id)
  if (rule === undefined) return { id }
  return {
    id,
    shortDescription: { text: rule.summary },
    fullDescription: { text: rule.why },
    help: { text: rule.safeWay },
  }
}
