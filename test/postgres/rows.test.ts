import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportLost } from '../../src/domain/data/export-lost.ts'
import type { Database } from '../../src/ports/database.ts'
import { Cluster } from './cluster.ts'

async function lost(newer: Database, older: Database): Promise<Record<string, readonly string[]>> {
  const tables: Record<string, string[]> = {}
  for await (const { table, csv } of exportLost(newer, older)) {
    const records: string[] = []
    for await (const record of csv) records.push(record)
    tables[table] = [records[0] ?? '', ...records.slice(1).toSorted((a, b) => a.localeCompare(b))]
  }
  return tables
}

describe('rows that exist only in the newer side', () => {
  let live: Cluster
  let copy: Cluster
  beforeAll(async () => {
    live = await Cluster.make()
    await live.sql(`
CREATE TABLE keyless (a text, b int);
INSERT INTO keyless VALUES ('same', 1), ('same', 1), ('other', NULL);
CREATE SCHEMA "odd.schema";
CREATE TABLE "odd.schema"."Odd ""table""" ("Column, with" text, "select" int);
CREATE TABLE gone (i int); INSERT INTO gone VALUES (1);
CREATE TABLE grown (i int); INSERT INTO grown VALUES (1), (2);
CREATE TABLE big (i int, t text); INSERT INTO big SELECT g, repeat('ü', 1000) FROM generate_series(1, 6000) g;
CREATE TABLE part (i int) PARTITION BY RANGE (i);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);`)
    copy = await live.copy()
    await live.sql(`
INSERT INTO keyless VALUES ('same', 1), (NULL, NULL), ('', 0), (E'a,"b"\\nc\\td\\\\e', 2), ('zß€😀', 3);
INSERT INTO "odd.schema"."Odd ""table""" VALUES ('x', 1);
DROP TABLE gone;
ALTER TABLE grown ADD COLUMN more int; UPDATE grown SET more = 5; INSERT INTO grown VALUES (3, 7);
CREATE TABLE fresh (i int); INSERT INTO fresh VALUES (1);
INSERT INTO big VALUES (6001, 'last');
INSERT INTO part VALUES (1);`)
  })
  afterAll(async () => {
    await live.close()
    await copy.close()
  })

  it('are exported as often as they are more, whatever is in them', async () => {
    expect(await lost(live.database, copy.database)).toEqual({
      '"odd.schema"."Odd ""table"""': ['"Column, with",select\n', 'x,1\n'],
      'public.big': ['i,t\n', '6001,last\n'],
      'public.fresh': ['i\n', '1\n'],
      // The two rows from before have a new column only: they are not lost.
      'public.grown': ['i,more\n', '3,7\n'],
      'public.keyless': [
        'a,b\n',
        ...[',\n', '"",0\n', '"a,""b""\nc\td\\e",2\n', 'same,1\n', 'zß€😀,3\n'].toSorted((a, b) => a.localeCompare(b)),
      ],
      'public.part_1': ['i\n', '1\n'],
    })
  })

  it('leave nothing beside the data, also when the reader goes away in the middle', async () => {
    for await (const { csv } of exportLost(live.database, copy.database)) {
      for await (const record of csv) {
        expect(record).not.toBe('')
        break
      }
    }
    for (const cluster of [live, copy])
      expect(readdirSync(cluster.folder).filter((name) => name.startsWith('backflip'))).toEqual([])
  })
})
