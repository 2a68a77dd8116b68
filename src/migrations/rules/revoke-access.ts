import { defineRule } from './define-rule.ts'

export const revokeAccess = defineRule({
  id: 'revoke-access',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release may lose the right to do what it does.',
  why: 'Statements of a role that lost a privilege fail with 42501. Which role the application connects as is not in the migrations, so this is for a person to weigh.',
  fails: ['42501'],
  safeWay: 'Revoke in a later deploy, when no release of the rollback window needs it.',
  examples: { bad: 'REVOKE INSERT ON users FROM app', good: 'GRANT INSERT ON users TO app' },
  onStatement: {
    GrantStmt: (node, { report }, applied) => {
      if (node.is_grant === true) return
      const relation = [...applied.locks.keys()][0]
      report(applied, {
        severity: 'warn',
        message: 'takes privileges away',
        sqlstate: '42501',
        ...(relation === undefined ? {} : { relation }),
      })
    },
    GrantRoleStmt: (node, { report }, applied) => {
      if (node.is_grant !== true) report(applied, { severity: 'warn', message: 'takes a role away', sqlstate: '42501' })
    },
  },
})
