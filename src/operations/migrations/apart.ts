/** What is built into a file of its own, with the grammar and the rules: loaded where SQL is read, and by no flip. */
export { judgeDeploy, judgeInPhaseA, judgeRollback } from '../compatibility.ts'
export { agreeOverride } from '../override.ts'
export { collectMigrations } from './collect-migrations.ts'
