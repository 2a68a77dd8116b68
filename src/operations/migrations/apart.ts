/** What is built into a file of its own, with the grammar and the rules: loaded where SQL is read, and by no flip. */
export { collectMigrations } from './collect-migrations.ts'
export { judgeMigrations } from './judge-migrations.ts'
export { proveOverride } from './prove-override.ts'
