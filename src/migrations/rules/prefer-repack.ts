import { isVacuumFull } from '../replay/upkeep.ts'
import { defineRule } from './define-rule.ts'

const FIRST_WITH_REPACK = 19

export const preferRepack = defineRule({
  id: 'prefer-repack',
  axes: ['L'],
  group: 'style',
  summary: 'PostgreSQL 19 has REPACK for this.',
  why: 'REPACK CONCURRENTLY lets reads and writes go on.',
  safeWay: 'REPACK CONCURRENTLY.',
  examples: { bad: 'VACUUM FULL t', good: 'VACUUM t', major: 19 },
  onStatement: {
    VacuumStmt: (node, { server, report }, applied) => {
      if (server.major >= FIRST_WITH_REPACK && isVacuumFull(node))
        report(applied, { severity: 'note', message: 'REPACK does this online' })
    },
    ClusterStmt: (_node, { server, report }, applied) => {
      if (server.major >= FIRST_WITH_REPACK) report(applied, { severity: 'note', message: 'REPACK does this online' })
    },
  },
})
