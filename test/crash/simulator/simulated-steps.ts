import { STEPS } from '../../../src/steps/registry.ts'

/** The simulated worlds have no data services: these steps are in none of their plans. */
const ON_DATA: ReadonlySet<string> = new Set([
  'check-data',
  'mark-data',
  'snapshot-data',
  'run-sql',
  'raise-maintenance',
  'stop-writers',
  'count-lost',
  'copy-data',
  'verify-copy',
  'export-lost',
  'swap-data',
  'mark-restored',
  'allow-writers',
  'preview-restored',
  'lower-maintenance',
])

/** Every step of a deploy, a rollback and a cleanup, in the order of a deploy. */
export const SIMULATED = STEPS.filter(({ id }) => !ON_DATA.has(id))
