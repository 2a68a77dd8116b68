/** A history of migrations as a team of years has it: tables that grow, columns that come and go, indexes, enums, a function now and then. */
export function makeHistory(count: number): readonly { readonly name: string; readonly text: string }[] {
  return Array.from({ length: count }, (_, at) => ({ name: `${String(at).padStart(5, '0')}_step.sql`, text: step(at) }))
}

const TABLES_EVERY = 8

function step(at: number): string {
  const table = `t${Math.floor(at / TABLES_EVERY)}`
  const earlier = `t${Math.max(0, Math.floor(at / TABLES_EVERY) - 3)}`
  const steps = [
    () =>
      `CREATE TYPE "${table}_state" AS ENUM ('new', 'open', 'done');\nCREATE TABLE "${table}" (\n  "id" TEXT NOT NULL,\n  "state" "${table}_state" NOT NULL DEFAULT 'new',\n  "name" VARCHAR(40),\n  "amount" INTEGER NOT NULL DEFAULT 0,\n  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,\n  CONSTRAINT "${table}_pkey" PRIMARY KEY ("id")\n);\nCREATE UNIQUE INDEX "${table}_name_key" ON "${table}"("name");\n`,
    () =>
      `-- AlterTable\nALTER TABLE "${table}" ADD COLUMN "ownerId" TEXT, ADD COLUMN "notes" JSONB NOT NULL DEFAULT '{}';\n`,
    () => `CREATE INDEX CONCURRENTLY "${table}_owner_idx" ON "${table}"("ownerId", "createdAt" DESC);\n`,
    () =>
      `ALTER TABLE "${table}" ADD CONSTRAINT "${table}_owner_fkey" FOREIGN KEY ("ownerId") REFERENCES "${earlier}"("id") ON DELETE SET NULL ON UPDATE CASCADE;\n`,
    () => `ALTER TYPE "${table}_state" ADD VALUE 'late';\nUPDATE "${table}" SET "amount" = 1 WHERE "amount" = 0;\n`,
    () =>
      `DO $$\nBEGIN\n  IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = '${table}') THEN\n    ALTER TABLE "${table}" ADD COLUMN "extra" TEXT;\n  END IF;\nEND $$;\n`,
    () =>
      `ALTER TABLE "${earlier}" ALTER COLUMN "name" TYPE TEXT;\nALTER TABLE "${table}" ALTER COLUMN "amount" TYPE BIGINT;\n`,
    () => `ALTER TABLE "${table}" DROP COLUMN "notes";\nALTER TABLE "${table}" ALTER COLUMN "ownerId" SET NOT NULL;\n`,
  ]
  return steps[at % TABLES_EVERY]?.() ?? ''
}
