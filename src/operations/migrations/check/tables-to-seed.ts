import type { Table } from '../../../migrations/catalog/types.ts'
import type { ReleaseJudgement } from '../../../migrations/compatibility/judge-release.ts'
import type { Replayer } from '../../../migrations/compatibility/replay-files.ts'
import type { CheckSubject } from './check-subject.ts'

/** Tables that the migrations touch, those that the queries name, and what these refer to: quoted, and the referred ones first. */
export function tablesToSeed(
  replay: Replayer,
  { history, pending }: CheckSubject,
  judgements: readonly ReleaseJudgement[],
): readonly string[] {
  const { replay: there } = replay.begin(history)
  const { catalog } = there
  const before = new Map(
    [...catalog.relations.values()].flatMap((one) => (one.kind === 'table' ? [[one.oid, one]] : [])),
  )
  const names = new Map([...before.values()].map((table) => [`${table.schema}.${table.name}`, table]))
  const wanted = new Set<Table>()
  const applied = replay
    .apply(
      there,
      pending.map(({ file }) => file),
    )
    .flatMap((one) => one.applied)
  for (const { locks } of applied) for (const oid of locks.keys()) add(before.get(oid))
  for (const word of judgements.flatMap(({ queries }) => queries.flatMap((uses) => uses ?? []))) add(names.get(word))
  const ordered = new Set<Table>()
  for (const table of wanted) addWithTargets(table)
  return [...ordered].map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`)

  function add(table: Table | undefined): void {
    if (table !== undefined) wanted.add(table)
  }

  function addWithTargets(table: Table, trail: readonly Table[] = []): void {
    if (ordered.has(table) || trail.includes(table)) return
    for (const { references } of table.constraints) {
      const target = references === null ? undefined : before.get(references)
      if (target !== undefined) addWithTargets(target, [...trail, table])
    }
    ordered.add(table)
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
