import { defineRule } from './define-rule.ts'

export const dropExtension = defineRule({
  id: 'drop-extension',
  axes: ['N'],
  group: 'core',
  summary: 'Functions, operators and types of the extension go with it.',
  why: 'Statements of the previous release that use one fail with 42883 or 42704. With CASCADE, columns of its types go too.',
  fails: ['42883', '42704'],
  safeWay: 'Drop it in a later deploy, when no release of the rollback window uses it.',
  examples: { bad: 'DROP EXTENSION hstore', good: 'CREATE EXTENSION IF NOT EXISTS hstore' },
  on: {
    'drop-extension': ({ name }, { report }, applied) =>
      report(applied, { message: `drops the extension ${name}`, sqlstate: '42883' }),
  },
  onStatement: {
    AlterExtensionStmt: (node, { report }, applied) =>
      report(applied, {
        severity: 'warn',
        message: `${node.extname ?? ''} becomes another version: its functions may differ`,
      }),
  },
})
