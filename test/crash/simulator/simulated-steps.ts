import { STEPS } from '../../../src/steps/registry.ts'

/** The simulated worlds have no data services, and no files of migrations to judge: these steps are in none of their plans. */
const NOT_THERE: ReadonlySet<string> = new Set([
  'check-data',
  'judge-migrations',
  'mark-data',
  'snapshot-data',
  'run-sql',
  'raise-maintenance',
  'stop-writers',
  'count-lost',
  'copy-data',
  'check-recovery',
  'recover-data',
  'place-recovered',
  'verify-copy',
  'export-lost',
  'swap-data',
  'mark-restored',
  'allow-writers',
  'preview-restored',
  'lower-maintenance',
])

/** Every step of a deploy, a rollback and a cleanup, in the order of a deploy. */
export const SIMULATED = STEPS.filter(({ id }) => !NOT_THERE.has(id))
