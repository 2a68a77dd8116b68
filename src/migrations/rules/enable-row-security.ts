import { defineRule, shown } from './define-rule.ts'

export const enableRowSecurity = defineRule({
  id: 'enable-row-security',
  axes: ['N'],
  group: 'core',
  summary: 'Rows vanish for the previous release, and its writes are refused.',
  why: 'With row-level security on, a role that is not the owner sees only what a policy shows it, and writes fail with 42501. FORCE holds for the owner too, which most applications connect as.',
  fails: ['42501'],
  safeWay: 'First a policy that permits everything the previous release does; tighten it in a later deploy.',
  examples: {
    given: 'CREATE TABLE t (a int)',
    bad: 'ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY',
    good: 'CREATE TABLE n (a int); ALTER TABLE n ENABLE ROW LEVEL SECURITY',
  },
  on: {
    'row-security': ({ table, to }, { existed, report }, applied) => {
      if (!existed(table.oid) || to === 'off' || to === 'unforced') return
      const whom = to === 'forced' ? 'the owner too' : 'every role but the owner'
      report(applied, {
        severity: to === 'forced' ? 'block' : 'warn',
        message: `policies of ${shown(table)} hold for ${whom}`,
        sqlstate: '42501',
        relation: table.oid,
      })
    },
  },
})
